"""What the mascot server is asked for: the real service where its key is in the environment, else its simulator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mascot_client import ConfigurationError, ElevenLabsConfig, GeminiConfig, OpenAIConfig, gemini, openai
from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_client.configs import ProviderConfig

__all__ = ["KEYS", "MODELS", "configuration"]

KEYS: Final = {
    "elevenlabs": "ELEVENLABS_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
}
"""The environment variable that holds each provider's key."""

MODELS: Final = {
    "openai": os.environ.get("OPENAI_MODEL", "gpt-realtime"),
    "gemini": os.environ.get("GEMINI_MODEL", "gemini-2.5-flash-native-audio-preview-12-2025"),
}
"""What the page names to the SDK, which would otherwise ask for another model than the token is for."""


def configuration(provider: str, *, simulated: bool) -> ProviderConfig:
    """The configuration to ask the mascot server with.

    Args:
        provider: One of `KEYS`.
        simulated: Whether a provider without a key is its simulator.

    Raises:
        ConfigurationError: A variable is not set.
    """
    if KEYS[provider] in os.environ:
        return _REAL[provider]()
    if simulated:
        return _SIMULATED[provider]
    raise ConfigurationError(KEYS[provider], "is not set")


def _elevenlabs() -> ElevenLabsConfig:
    if "ELEVENLABS_AGENT_ID" not in os.environ:
        raise ConfigurationError("ELEVENLABS_AGENT_ID", "is not set, but ELEVENLABS_API_KEY is")
    return ElevenLabsConfig(
        api_key=os.environ["ELEVENLABS_API_KEY"], agent_id=os.environ["ELEVENLABS_AGENT_ID"]
    )


# OpenAI's and Google's keys go to OpenAI and Google alone, which give a token for one conversation.
_REAL: Final[dict[str, Callable[[], ProviderConfig]]] = {
    "elevenlabs": _elevenlabs,
    "openai": lambda: openai.mint(model=MODELS["openai"]),
    "gemini": lambda: gemini.mint(os.environ["GEMINI_API_KEY"], model=MODELS["gemini"]),
}

_SIMULATED: Final[dict[str, ProviderConfig]] = {
    "elevenlabs": ElevenLabsConfig(
        api_key=simulators.ELEVENLABS_API_KEY, agent_id=simulators.ELEVENLABS_AGENT_ID
    ),
    "openai": OpenAIConfig(ephemeral_token=simulators.OPENAI_EPHEMERAL),
    "gemini": GeminiConfig(ephemeral_token=simulators.GEMINI_EPHEMERAL),
}
