"""OpenAI Realtime as a provider."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode

from mascot_server.errors import BadRequest
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
from mascot_server.providers.openai.config import DEFAULT_MODEL, OpenAIConfig
from mascot_server.providers.openai.documents import CONFIG, PATH, PLAIN_PATH, SOCKET
from mascot_server.providers.openai.live.codec import LiveCodec
from mascot_server.providers.openai.live.documents import LIVE_PATH, LIVE_PATHS, LIVE_SOCKET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.providers.codec import Codec
    from mascot_server.providers.documents import SocketDocument
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
    socket_paths = (PATH, f"{PATH}/realtime", PLAIN_PATH, *LIVE_PATHS)
    # The JavaScript SDK insists on it.
    subprotocol = "realtime"
    config_document = CONFIG
    socket_document = SOCKET
    more_sockets: ClassVar[Mapping[str, SocketDocument]] = MappingProxyType({"openaiLive": LIVE_SOCKET})
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

    def answer(self, config: OpenAIConfig, token: str, origin: str) -> dict[str, str]:
        """Return the signed URL."""
        return signed_url(origin, LIVE_PATH if config.is_live else PATH, token)

    def admit(self, config: OpenAIConfig, handshake: Handshake) -> None:
        """Check that a token for GPT-Live is shown at its socket, and no other there.

        Raises:
            BadRequest: It is not.
        """
        if config.is_live != (handshake.path.rstrip("/") in LIVE_PATHS):
            raise BadRequest(f"This token is for {LIVE_PATH if config.is_live else PATH}")

    def dial(
        self, config: OpenAIConfig, settings: ProviderSettings, handshake: Handshake
    ) -> Exchange[DialTarget]:
        """Name the model in the query. No ``OpenAI-Beta`` header: the service refuses it.

        GPT-Live takes no query and no ``Origin``; its model is named in ``session.start``.
        """
        origin, headers = websocket_origin(settings["url"]), {"Authorization": f"Bearer {config.credential}"}
        if config.is_live:
            return DialTarget(f"{origin}/v1/live/sessions", headers)
        return DialTarget(
            f"{origin}/v1/realtime?{urlencode({'model': config.model or DEFAULT_MODEL})}", headers
        )
        yield  # a generator without a request

    def codec(self, config: OpenAIConfig, handshake: Handshake) -> Codec:
        """Return a codec for one conversation."""
        if config.is_live:
            return LiveCodec(model=config.model, voice=config.voice)
        return OpenAICodec(voice=config.voice)

    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of OpenAI."""
        from mascot_server.providers.openai.simulator.simulator import (  # noqa: PLC0415 - only where used
            OpenAISimulator,
        )

        return OpenAISimulator(setup)
