"""Connection details of the Gemini Live API."""

from __future__ import annotations

from typing import ClassVar

from mascot_server.providers.config import Name, TokenConfig

__all__ = ["GeminiConfig"]


class GeminiConfig(TokenConfig):
    """Connection details of the Gemini Live API."""

    provider: ClassVar = "gemini"

    model: Name | None = None
