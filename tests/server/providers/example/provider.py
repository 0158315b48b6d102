"""The example as a provider."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pydantic import Field

from mascot_server.providers.base import (
    DialTarget,
    Handshake,
    Provider,
    ProviderSettings,
    signed_url,
    websocket_origin,
)

from .agent import ExampleAgent
from .codec import ExampleCodec
from .config import ExampleConfig
from .documents import CONFIG, PATH, SOCKET

if TYPE_CHECKING:
    from mascot_server.providers.exchange import Exchange
    from mascot_server.simulators.core.provider import ProviderSimulator, Setup


class ExampleProvider(Provider[ExampleConfig]):
    """The example."""

    name = "example"
    title = "Example"
    product = "Example Conversation API"
    config = ExampleConfig
    default_origin = "https://api.example.com"
    settings = MappingProxyType(
        {"room": (str, Field(default="lobby", description="Room that conversations take place in."))}
    )
    socket_paths = (PATH,)
    config_document = CONFIG
    socket_document = SOCKET
    agent = ExampleAgent()

    def answer(self, config: ExampleConfig, token: str, origin: str) -> dict[str, str]:
        """Return the signed URL."""
        return signed_url(origin, PATH, token)

    def dial(
        self,
        config: ExampleConfig,
        settings: ProviderSettings,
        handshake: Handshake,
    ) -> Exchange[DialTarget]:
        """Name the room in the query."""
        query = urlencode({"room": settings["room"]})
        url = f"{websocket_origin(settings['url'])}/example?{query}"
        return DialTarget(url, {"X-Example-Key": config.api_key})
        yield  # a generator without a request

    def codec(self, config: ExampleConfig, handshake: Handshake) -> ExampleCodec:
        """Return a codec for one conversation."""
        return ExampleCodec()

    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of the example."""
        from .simulator import ExampleSimulator  # noqa: PLC0415 - only where used

        return ExampleSimulator(setup)
