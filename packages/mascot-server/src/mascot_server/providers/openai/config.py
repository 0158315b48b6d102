"""Connection details of the OpenAI Realtime API."""

from __future__ import annotations

from typing import ClassVar

from mascot_server.providers.config import Name, TokenConfig

__all__ = ["DEFAULT_MODEL", "OpenAIConfig"]

DEFAULT_MODEL = "gpt-realtime"


class OpenAIConfig(TokenConfig):
    """Connection details of the OpenAI Realtime API."""

    provider: ClassVar = "openai"

    model: Name = DEFAULT_MODEL
    voice: Name | None = None
