"""The configs for the mascot server. Keys come from the environment; ``examples.offline`` sets simulated ones."""

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
    "gemini": os.environ.get("GEMINI_MODEL", "gemini-3.8-live"),
}
"""The models that the page passes to the SDKs. They must be the models that the tokens are for."""


def _elevenlabs() -> ElevenLabsConfig:
    return ElevenLabsConfig(
        api_key=os.environ["ELEVENLABS_API_KEY"], agent_id=os.environ["ELEVENLABS_AGENT_ID"]
    )


CONFIGURATIONS: Final[dict[str, Callable[[], ProviderConfig]]] = {
    "elevenlabs": _elevenlabs,
    # The keys of OpenAI and Google are sent only to OpenAI and Google, which return a token for one conversation.
    "openai": lambda: for_openai.mint(model=MODELS["openai"]),
    "gemini": lambda: for_gemini.mint(model=MODELS["gemini"]),
}
"""The functions that create the config of each provider."""
