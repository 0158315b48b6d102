"""A provider that no service speaks: what a new one has to bring, in a folder of its own. Not shipped."""

from .provider import ExampleProvider

PROVIDER = ExampleProvider()
