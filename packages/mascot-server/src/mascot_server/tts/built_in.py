"""The engine `mascotbot-tts`: whatever can speak on this machine, as one engine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mascot_server.errors import BadRequest, Unavailable
from mascot_server.tts.espeak import EspeakEngine
from mascot_server.tts.kokoro import KokoroEngine
from mascot_server.tts.piper import PiperEngine
from mascot_server.tts.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mascot_server.settings import Settings
    from mascot_server.tts.engine import Speech, Voice, VoicedEngine

__all__ = ["BuiltInEngine"]


class BuiltInEngine:
    """Several engines whose voices are offered together, those of the first one first.

    Args:
        engines: The engines; with none of them, every text is refused.
    """

    def __init__(self, engines: Sequence[VoicedEngine]) -> None:
        self._engines = engines

    @classmethod
    def of(cls, settings: Settings) -> BuiltInEngine:
        """Return the engines that are installed and configured.

        Raises:
            SettingsError: Voice files are not where a setting says, or their package is not installed.
        """
        engines: list[VoicedEngine] = []
        if settings.kokoro_model is not None or settings.kokoro_voices is not None:
            engines.append(KokoroEngine(settings.kokoro_model, settings.kokoro_voices))
        if settings.piper_voices is not None:
            engines.append(PiperEngine(settings.piper_voices))
        if espeak := EspeakEngine.installed():
            engines.append(espeak)
        return cls(engines)

    async def voices(self) -> Sequence[Voice]:
        """Return the voices of all engines."""
        return [voice for engine in self._engines for voice in await engine.voices()]

    @asynccontextmanager
    async def synthesise(self, text: str, voice: str, speed: float) -> AsyncIterator[Speech]:
        """Speak a text with the engine that has the voice; see ``Engine.synthesise``."""
        if not self._engines:
            raise Unavailable(
                "tts_engine: mascotbot-tts is not installed on this server: pip install 'mascot-server[tts]'"
            )
        for engine in self._engines:
            if any(voice == known.id for known in await engine.voices()):
                async with engine.synthesise(plain_text(text), voice, speed) as speech:
                    yield speech
                return
        raise BadRequest("Invalid voice ID specified")
