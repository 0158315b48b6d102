"""Which engine serves which viseme model of the contract."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import mascot_visemes

if TYPE_CHECKING:
    from mascot_server.codecs import AudioFormat
    from mascot_server.session import VisemeStream

__all__ = ["Models"]

logger = logging.getLogger(__name__)

_FALLBACK: Final = "default"


class Models:
    """The viseme models of this server, loaded at start so that no conversation waits for one."""

    def __init__(self, names: tuple[str, ...]) -> None:
        available = mascot_visemes.available_models()
        for name in names:
            if name not in available:
                # The contract promises the name. A mouth that moves by the other language's model beats a
                # refused call.
                logger.warning("viseme model %r is not installed; %r serves it", name, _FALLBACK)
        self._engines = {
            name: mascot_visemes.load(name if name in available else _FALLBACK) for name in names
        }

    def open_stream(self, name: str, audio_format: AudioFormat) -> VisemeStream:
        """Makes a stream of a model for audio of a format."""
        return self._engines[name].create_stream(
            sample_rate=audio_format.sample_rate, encoding=audio_format.encoding
        )
