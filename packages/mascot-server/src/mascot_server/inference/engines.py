"""Which engine serves which viseme model of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mascot_visemes
from mascot_server.inference.deadline_queue import Track
from mascot_server.providers.config import VISEME_MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.providers.codecs import AudioFormat
    from mascot_server.settings import Settings

__all__ = ["Models", "heard_by"]


def heard_by(settings: Settings) -> dict[str, str]:
    """For each viseme model of the contract the model of `mascot_visemes` that hears conversations."""
    return {name: name for name in VISEME_MODELS} | {"default": settings.english_model}


class Models:
    """The viseme models of this server, loaded at start so that no conversation waits for one.

    Args:
        heard_by: As from the function of that name.
    """

    def __init__(self, heard_by: Mapping[str, str]) -> None:
        self._engines = {name: mascot_visemes.load(model) for name, model in heard_by.items()}

    def open_stream(self, name: str, audio_format: AudioFormat) -> Track:
        """Makes a stream of a model for audio of a format."""
        engine = self._engines[name]
        return Track(
            engine, engine.create_stream(sample_rate=audio_format.sample_rate, encoding=audio_format.encoding)
        )
