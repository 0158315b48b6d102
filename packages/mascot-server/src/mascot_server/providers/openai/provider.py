"""OpenAI Realtime as a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from mascot_server.providers.base import (
    DialTarget,
    Handshake,
    Provider,
    ProviderSettings,
    signed_url,
    token_in,
    websocket_origin,
)
from mascot_server.providers.openai.agent import OpenAIAgent
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.providers.openai.config import OpenAIConfig
from mascot_server.providers.openai.documents import CONFIG, PATH, PLAIN_PATH, SOCKET

if TYPE_CHECKING:
    from mascot_server.providers.exchange import Exchange
    from mascot_server.simulators.core.provider import ProviderSimulator, Setup

__all__ = ["OpenAI"]

_KEY_PROTOCOL: Final = "openai-insecure-api-key."
"""Prefix of the WebSocket subprotocol by which browsers send OpenAI's keys."""


class OpenAI(Provider[OpenAIConfig]):
    """OpenAI Realtime."""

    name = "openai"
    title = "OpenAI"
    product = "OpenAI Realtime API"
    config = OpenAIConfig
    default_origin = "https://api.openai.com"
    # OpenAI's Python SDK appends /realtime to whatever URL it is given.
    socket_paths = (PATH, f"{PATH}/realtime", PLAIN_PATH)
    # The JavaScript SDK insists on it.
    subprotocol = "realtime"
    config_document = CONFIG
    socket_document = SOCKET
    agent = OpenAIAgent()

    def find_token(self, handshake: Handshake) -> str:
        """Return the token from the query of a signed URL, or from wherever a client puts an API key."""
        headers = handshake.headers
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        offered = (name.strip() for name in headers.get("sec-websocket-protocol", "").split(","))
        candidates = (
            handshake.query.get("token", ""),
            bearer if scheme.lower() == "bearer" else "",
            headers.get("api-key", ""),
            *(name.removeprefix(_KEY_PROTOCOL) for name in offered if name.startswith(_KEY_PROTOCOL)),
        )
        return next(filter(None, (token_in(candidate.strip()) for candidate in candidates)), "")

    def answer(self, token: str, origin: str) -> dict[str, str]:
        """Return the signed URL."""
        return signed_url(origin, PATH, token)

    def dial(
        self, config: OpenAIConfig, settings: ProviderSettings, handshake: Handshake
    ) -> Exchange[DialTarget]:
        """Name the model in the query. No ``OpenAI-Beta`` header: the service refuses it."""
        return DialTarget(
            f"{websocket_origin(settings['url'])}/v1/realtime?{urlencode({'model': config.model})}",
            {"Authorization": f"Bearer {config.credential}"},
        )
        yield  # a generator without a request

    def codec(self, config: OpenAIConfig, handshake: Handshake) -> OpenAICodec:
        """Return a codec for one conversation."""
        return OpenAICodec(voice=config.voice)

    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of OpenAI."""
        from mascot_server.providers.openai.simulator import OpenAISimulator  # noqa: PLC0415 - only where used

        return OpenAISimulator(setup)
