"""The frame with visemes, and a function that splits audio frames."""

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
    """The visemes of the audio that follows this frame.

    The frame is in the queue of the transport together with its audio. It has the same ``transport_destination`` and
    the same ``interruptible`` flag as the audio, so it is sent or dropped together with the audio.

    Attributes:
        events: The events, sorted. Times are milliseconds from the start of the speech (its context).
        start_ms: The start of the following audio, in milliseconds from the start of the speech.
        shapes: The name of the set of shapes: ``oculus``, ``sapi``, ``vrm``, ``rhubarb`` or ``arkit``.
        rest: The viseme of the closed mouth in this set: ``"sil"``, 0 or ``"X"``.
        context_id: The context of the speech, the same as in the audio frame.
    """

    events: tuple[mv.VisemeEvent, ...] = ()
    start_ms: int = 0
    shapes: str = "oculus"
    rest: int | str = "sil"
    context_id: str | None = None

    @property
    def changes(self) -> list[tuple[int, int | str]]:
        """Pairs of a time, in milliseconds from the start of the following audio, and the viseme that starts then."""
        return [(max(event.time_ms - self.start_ms, 0), event.viseme) for event in self.events]

    def __str__(self) -> str:
        changes = ", ".join(f"{viseme} at {offset} ms" for offset, viseme in self.changes)
        return f"{self.name}(destination: {self.transport_destination}, visemes: [{changes}])"


def piece_of(frame: TTSAudioRawFrame, begin: int, end: int) -> TTSAudioRawFrame:
    """Return a part of a mono audio frame as a frame of the same class.

    All fields are copied, also those of subclasses. ``id`` and ``name`` are new, because they identify a frame. ``pts``
    is the time of the first sample of the part.

    Args:
        frame: The frame, mono PCM16.
        begin: The index of the first byte.
        end: The index after the last byte.
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
