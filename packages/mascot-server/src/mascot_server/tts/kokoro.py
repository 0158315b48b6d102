"""Kokoro's voices (package kokoro-onnx): one model and one file of voices."""

from __future__ import annotations

import logging
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

import numpy as np

from mascot_server.errors import BadRequest, SettingsError, Unavailable
from mascot_server.tts.engine import Speech, Voice
from mascot_server.tts.in_process import in_thread, require, single_core_session, taken_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

__all__ = ["KokoroEngine"]

logger = logging.getLogger(__name__)

_LANGUAGES: Final = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-br", "z": "cmn",
}  # fmt: skip
"""What the first letter of a voice's name says; the second one is its gender."""
_GENDERS: Final = {"f": "female", "m": "male"}
_RATE: Final = 24000
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")


class KokoroEngine:
    """Speaks with Kokoro, which is loaded when it is first asked for.

    Args:
        model: The model, `*.onnx`.
        voices: Its voices, `voices-*.bin`.

    Raises:
        SettingsError: A file is missing or holds no voices, or kokoro-onnx is not installed.
    """

    def __init__(self, model: Path | None, voices: Path | None) -> None:
        for setting, path in (("MASCOT_KOKORO_MODEL", model), ("MASCOT_KOKORO_VOICES", voices)):
            if path is None or not path.is_file():
                raise SettingsError(
                    f"{setting}: must be the path of a file; Kokoro requires a model file and a voices file"
                )
        self._model, self._file = str(model), str(voices)
        self._voices = tuple(_voice(name) for name in _names(self._file))
        self._kokoro = require("kokoro_onnx", "MASCOT_KOKORO_MODEL", "kokoro")
        self._loaded: Any = None

    async def voices(self) -> Sequence[Voice]:
        """Return the voices in the file."""
        return self._voices

    @asynccontextmanager
    async def synthesise(self, text: str, voice: str, speed: float) -> AsyncIterator[Speech]:
        """Speak a text, sentence by sentence; see ``Engine.synthesise``."""
        known = next((known for known in self._voices if known.id == voice), None)
        if known is None:
            raise BadRequest("Invalid voice ID specified")
        model = await in_thread(self._load)
        yield Speech(_RATE, taken_in_thread(_sentences(model, text, known, speed)))

    def _load(self) -> Any:
        if self._loaded is None:
            try:
                self._loaded = self._kokoro.Kokoro.from_session(single_core_session(self._model), self._file)
            except Exception:
                logger.exception("Kokoro's model cannot be loaded")
                raise Unavailable("voice: Kokoro's voices cannot be loaded on this server") from None
        return self._loaded


def _sentences(model: Any, text: str, voice: Voice, speed: float) -> Iterator[bytes]:
    """Speak each sentence by itself, so that the first one can be heard while the others are made."""
    for sentence in _SENTENCE_END.split(text):
        if any(map(str.isalnum, sentence)):
            samples, _ = model.create(sentence, voice=voice.id, speed=speed, lang=voice.language or "en-us")
            yield (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def _names(path: str) -> list[str]:
    try:
        with ZipFile(path) as archive:  # of one array a voice, as numpy.savez writes it
            return sorted(name.removesuffix(".npy") for name in archive.namelist())
    except (OSError, BadZipFile):
        raise SettingsError("MASCOT_KOKORO_VOICES: contains no voices; use Kokoro's voices-….bin") from None


def _voice(name: str) -> Voice:
    return Voice(name, name, _LANGUAGES.get(name[:1]), _GENDERS.get(name[1:2]))
