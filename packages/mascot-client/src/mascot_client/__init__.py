"""Visemes beside the audio of the official ElevenLabs, Gemini and OpenAI SDKs.

Ask a mascot server for a connection here; open it with ``mascot_client.elevenlabs``,
``mascot_client.gemini`` or ``mascot_client.openai``, each of which needs the extra of its name.
"""

from mascot_client.answers import GeminiCredentials, SignedUrl
from mascot_client.api import AsyncMascotClient, MascotClient
from mascot_client.configs import ElevenLabsConfig, GeminiConfig, OpenAIConfig
from mascot_client.errors import (
    APIError,
    AudioDeviceError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    MascotError,
    MissingExtraError,
    ProtocolError,
    RateLimitError,
    UnavailableError,
)
from mascot_client.feed import VisemeFeed
from mascot_client.smoothing import SMOOTHING_PRESETS, Smoother, Smoothing, smooth
from mascot_client.timeline import Mouth, Timeline
from mascot_client.visemes import Viseme, Visemes

__all__ = [
    "SMOOTHING_PRESETS",
    "APIError",
    "AsyncMascotClient",
    "AudioDeviceError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConnectionFailedError",
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
    "Viseme",
    "VisemeFeed",
    "Visemes",
    "smooth",
]

__version__ = "0.1.0"
