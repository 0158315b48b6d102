"""Connection details of the example."""

from __future__ import annotations

from typing import ClassVar

from mascot_server.providers.config import ProviderConfig, Secret


class ExampleConfig(ProviderConfig):
    """Connection details of the example."""

    provider: ClassVar = "example"

    api_key: Secret
