"""Which engine serves which viseme model of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mascot_visemes
from mascot_server.agenda import Track

if TYPE_CHECKING:
    from mascot_server.codecs import AudioFormat

__all__ = ["Models"]


class Models:
    """The viseme models of this server, loaded at start so that no conversation waits for one."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._engines = {name: mascot_visemes.load(name) for name in names}

    def open_stream(self, name: str, audio_format: AudioFormat) -> Track:
        """Makes a stream of a model for audio of a format."""
        engine = self._engines[name]
        return Track(
            engine, engine.create_stream(sample_rate=audio_format.sample_rate, encoding=audio_format.encoding)
        )
