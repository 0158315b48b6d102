"""What the mascot server is asked for. Keys come from the environment; ``examples.offline`` puts simulated ones there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mascot_client import ElevenLabsConfig, for_gemini, for_openai

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_client.configs import ProviderConfig

__all__ = ["CONFIGURATIONS", "MODELS"]

MODELS: Final = {
    "openai": os.environ.get("OPENAI_MODEL", "gpt-realtime-2.1"),
    "gemini": os.environ.get("GEMINI_MODEL", "gemini-2.5-flash-native-audio-preview-12-2025"),
}
"""What the page names to the SDK, which would otherwise ask for another model than the token is for."""


def _elevenlabs() -> ElevenLabsConfig:
    return ElevenLabsConfig(
        api_key=os.environ["ELEVENLABS_API_KEY"], agent_id=os.environ["ELEVENLABS_AGENT_ID"]
    )


CONFIGURATIONS: Final[dict[str, Callable[[], ProviderConfig]]] = {
    "elevenlabs": _elevenlabs,
    # OpenAI's and Google's keys go to OpenAI and Google alone, which give a token for one conversation.
    "openai": lambda: for_openai.mint(model=MODELS["openai"]),
    "gemini": lambda: for_gemini.mint(model=MODELS["gemini"]),
}
"""Makes the configuration to ask the mascot server with, a provider at a time."""
