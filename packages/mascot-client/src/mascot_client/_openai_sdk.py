"""What all helpers for OpenAI's SDK share: whether it is there, and what it is given in place of a key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from mascot_client._extras import needs

if TYPE_CHECKING:
    from mascot_client.credentials import SignedUrl

# The SDK wants a key and sends it to the server, which looks at the URL's token alone.
PLACEHOLDER_KEY = "mascot"


def require_sdk() -> None:
    """Raise ``MissingExtraError`` where the SDK, or what it connects with, is not installed."""
    with needs("openai", "openai"):
        import openai  # noqa: F401, PLC0415 - only whether it is there
    # The SDK installs without it and would fail only when it connects.
    with needs("openai", "websockets"):
        import websockets  # noqa: F401, PLC0415 - likewise


def split(signed_url: SignedUrl) -> tuple[str, dict[str, str]]:
    """Return the URL without its query, and the query."""
    # The SDK appends `/realtime` to the path, and most of its versions lose a query that stands in the URL.
    parts = urlsplit(signed_url.url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), dict(parse_qsl(parts.query))


def without_environment() -> dict[str, str]:
    """Headers that take back what the SDK would add from the environment, meant for OpenAI and nobody else.

    The SDK reads OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS (one ``name: value`` a line). An
    ``Omit`` as the value removes a header.
    """
    from openai import Omit  # noqa: PLC0415 - needs the extra

    custom = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = ["OpenAI-Organization", "OpenAI-Project", *(line.partition(":")[0].strip() for line in custom)]
    # The SDK's signature says str; Omit is what it documents for leaving a default header out.
    return cast("dict[str, str]", {name: Omit() for name in names if name})
