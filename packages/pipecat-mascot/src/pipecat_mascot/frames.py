"""The frame that carries visemes, and pieces of audio frames."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipecat.frames.frames import DataFrame, TTSAudioRawFrame
from pipecat.utils.utils import obj_count, obj_id

if TYPE_CHECKING:
    import mascot_visemes as mv

__all__ = ["VisemeFrame", "piece_of"]

BYTES_PER_SAMPLE = 2
NS_PER_SECOND = 1_000_000_000


@dataclass
class VisemeFrame(DataFrame):
    """The mouth's changes of shape in the audio that follows this frame.

    It travels through the transport's queue with that audio, to the same ``transport_destination`` and with the same
    ``interruptible`` flag: it leaves the transport when the sound does and is dropped when the sound is.

    Attributes:
        events: The changes, sorted. Times are milliseconds from the start of the speech (of its context).
        start_ms: Where the following audio starts, in milliseconds from the start of the speech.
        shapes: Name of the viseme set: ``oculus``, ``sapi``, ``vrm``, ``rhubarb`` or ``arkit``.
        rest: The closed mouth of that set: ``"sil"``, 0 or ``"X"``.
        context_id: The speech's context, as in the audio frame.
    """

    events: tuple[mv.VisemeEvent, ...] = ()
    start_ms: int = 0
    shapes: str = "oculus"
    rest: int | str = "sil"
    context_id: str | None = None

    @property
    def changes(self) -> list[tuple[int, int | str]]:
        """Each change as milliseconds from the start of the following audio, and the new shape."""
        return [(max(event.time_ms - self.start_ms, 0), event.viseme) for event in self.events]

    def __str__(self) -> str:
        changes = ", ".join(f"{viseme} at {offset} ms" for offset, viseme in self.changes)
        return f"{self.name}(destination: {self.transport_destination}, visemes: [{changes}])"


def piece_of(frame: TTSAudioRawFrame, begin: int, end: int) -> TTSAudioRawFrame:
    """Return some bytes of a mono audio frame as a frame of the same kind.

    Every field is copied, those of subclasses included. ``id`` and ``name`` are new, because they identify a frame;
    ``pts`` is the time of the piece's first sample.

    Args:
        frame: Mono PCM16.
        begin: First byte of the piece.
        end: The byte behind its last one.
    """
    piece = copy.copy(frame)
    piece.id = obj_id()
    piece.name = f"{type(piece).__name__}#{obj_count(piece)}"
    piece.metadata = dict(frame.metadata)
    piece.audio = frame.audio[begin:end]
    piece.num_frames = len(piece.audio) // BYTES_PER_SAMPLE
    if frame.pts is not None:
        piece.pts = frame.pts + begin // BYTES_PER_SAMPLE * NS_PER_SECOND // frame.sample_rate
    return piece
