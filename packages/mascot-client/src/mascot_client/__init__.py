"""Receive visemes together with the audio of the official ElevenLabs, Gemini and OpenAI SDKs.

``MascotClient`` and ``AsyncMascotClient`` request a connection from a mascot server. To open the connection, use
``mascot_client.for_elevenlabs``, ``mascot_client.for_gemini`` or ``mascot_client.for_openai``. Each of these modules
needs the extra of the same name, for example ``pip install "mascot-client[openai]"``.
"""

from typing import TYPE_CHECKING

from mascot_client.api import AsyncMascotClient, MascotClient
from mascot_client.configs import ElevenLabsConfig, GeminiConfig, OpenAIConfig
from mascot_client.credentials import GeminiCredentials, SignedUrl
from mascot_client.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AudioDeviceError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    MascotError,
    MissingExtraError,
    ProtocolError,
    RateLimitError,
    UnavailableError,
)
from mascot_client.feed import VisemeFeed
from mascot_client.smoothing import SMOOTHING_PRESETS, Smoother, Smoothing, smooth
from mascot_client.timeline import Mouth, Timeline
from mascot_client.visemes import VisemeEvent, Visemes
from mascot_client.weights import BlendWeights

__all__ = [
    "SMOOTHING_PRESETS",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncMascotClient",
    "AudioDeviceError",
    "AuthenticationError",
    "BadRequestError",
    "BlendWeights",
    "ConfigurationError",
    "ElevenLabsConfig",
    "GeminiConfig",
    "GeminiCredentials",
    "MascotClient",
    "MascotError",
    "MissingExtraError",
    "Mouth",
    "OpenAIConfig",
    "ProtocolError",
    "RateLimitError",
    "SignedUrl",
    "Smoother",
    "Smoothing",
    "Timeline",
    "UnavailableError",
    "VisemeEvent",
    "VisemeFeed",
    "Visemes",
    "smooth",
]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Look up the version on first use, so that importing the package stays fast."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - rarely used

            return version("mascot-client")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
