"""Piper voices (package piper-tts): one `NAME.onnx` with its `NAME.onnx.json` for each."""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mascot_server.errors import BadRequest, SettingsError, Unavailable
from mascot_server.tts.engine import Speech, Voice
from mascot_server.tts.in_process import in_thread, require, single_core_session, taken_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

__all__ = ["PiperEngine"]

logger = logging.getLogger(__name__)

_SETTING = "MASCOT_PIPER_VOICES"


class PiperEngine:
    """Speaks with the Piper voices of a folder; each is loaded when it is first asked for.

    Args:
        folder: Where the voices are.

    Raises:
        SettingsError: There is no such folder, no voice in it, a description that cannot be read, or no piper-tts.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SettingsError(f"{_SETTING}: must be a directory with Piper voices")
        self._models = {path.stem: path for path in sorted(folder.glob("*.onnx"))}
        if not self._models:
            raise SettingsError(f"{_SETTING}: the directory contains no NAME.onnx")
        self._cards = {name: _card(path) for name, path in self._models.items()}
        self._piper = require("piper", _SETTING, "piper")
        self._loaded: dict[str, Any] = {}

    async def voices(self) -> Sequence[Voice]:
        """Return the voices in the folder, named after their files."""
        return [
            Voice(name, str(card.get("dataset") or name), card.get("language", {}).get("code"))
            for name, card in self._cards.items()
        ]

    @asynccontextmanager
    async def synthesise(self, text: str, voice: str, speed: float) -> AsyncIterator[Speech]:
        """Speak a text, sentence by sentence; see ``Engine.synthesise``."""
        if voice not in self._models:
            raise BadRequest("Invalid voice ID specified")
        model = await in_thread(self._load, voice)
        yield Speech(model.config.sample_rate, taken_in_thread(self._sentences(model, text, speed)))

    def _load(self, name: str) -> Any:
        if name not in self._loaded:
            try:
                self._loaded[name] = self._piper.PiperVoice(
                    session=single_core_session(str(self._models[name])),
                    config=self._piper.PiperConfig.from_dict(self._cards[name]),
                )
            except Exception:
                logger.exception("the Piper voice %s cannot be loaded", name)
                raise Unavailable(f"voice: {name} cannot be loaded on this server") from None
        return self._loaded[name]

    def _sentences(self, model: Any, text: str, speed: float) -> Iterator[bytes]:
        how = self._piper.SynthesisConfig(length_scale=model.config.length_scale / speed)
        for chunk in model.synthesize(text, how):
            yield chunk.audio_int16_bytes


def _card(model: Path) -> dict[str, Any]:
    path = model.with_name(f"{model.name}.json")
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        card = None
    if not isinstance(card, dict) or not isinstance(card.get("language", {}), dict):
        raise SettingsError(f"{_SETTING}: {path.name}, which describes {model.name}, is missing or damaged")
    return card
