"""ElevenLabs Conversational AI as a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.providers.base import DialTarget, Handshake, Provider, ProviderSettings, signed_url
from mascot_server.providers.elevenlabs.agent import ElevenLabsAgent
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.elevenlabs.config import ElevenLabsConfig
from mascot_server.providers.elevenlabs.dialing import dial
from mascot_server.providers.elevenlabs.documents import CONFIG, PATH, SOCKET

if TYPE_CHECKING:
    from mascot_server.providers.exchange import Exchange
    from mascot_server.simulators.core.provider import ProviderSimulator, Setup

__all__ = ["ElevenLabs"]


class ElevenLabs(Provider[ElevenLabsConfig]):
    """ElevenLabs Conversational AI."""

    name = "elevenlabs"
    title = "ElevenLabs"
    product = "ElevenLabs Conversational AI"
    config = ElevenLabsConfig
    default_origin = "https://api.elevenlabs.io"
    socket_paths = (PATH,)
    # The JavaScript SDK insists on it.
    subprotocol = "convai"
    config_document = CONFIG
    socket_document = SOCKET
    agent = ElevenLabsAgent()

    def answer(self, config: ElevenLabsConfig, token: str, origin: str) -> dict[str, str]:
        """Return the signed URL."""
        return signed_url(origin, PATH, token)

    def dial(
        self, config: ElevenLabsConfig, settings: ProviderSettings, handshake: Handshake
    ) -> Exchange[DialTarget]:
        """Ask ElevenLabs for a signed URL."""
        return dial(config, settings["url"])

    def codec(self, config: ElevenLabsConfig, handshake: Handshake) -> ElevenLabsCodec:
        """Return a codec for one conversation."""
        return ElevenLabsCodec(sample_rate=config.sample_rate, dynamic_variables=config.dynamic_variables)

    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of ElevenLabs."""
        from mascot_server.providers.elevenlabs.simulator import ElevenLabsSimulator  # noqa: PLC0415 - only where used

        return ElevenLabsSimulator(setup)
