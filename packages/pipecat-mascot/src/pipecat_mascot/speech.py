"""The visemes of one speech, and where its audio is split; without I/O and independent of Pipecat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import mascot_visemes as mv

__all__ = ["Piece", "Speech"]

PIECE_MS: Final = 120
"""Length of a piece in milliseconds: a multiple of the 40 ms chunks that Pipecat's transports write by default."""

_BYTES_PER_SAMPLE: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a chunk of audio, and its events.

    Attributes:
        begin: The index of its first byte in the chunk.
        end: The index after its last byte.
        start_ms: The start, in milliseconds from the start of the speech, rounded down.
        events: The events in this part, sorted.
    """

    begin: int
    end: int
    start_ms: int
    events: tuple[mv.VisemeEvent, ...]


class Speech:
    """The audio of one context for one destination, mono PCM16 at one rate.

    Attributes:
        sample_rate: The sample rate in Hz.
        interruptible: The flag of the last audio frame: whether an interruption drops the speech.
        metadata: The metadata of the last audio frame.
        transport_source: The transport source of the last audio frame.
    """

    def __init__(self, engine: mv.Engine, sample_rate: int) -> None:
        """Start a speech at 0 ms.

        Raises:
            SampleRateError: ``sample_rate`` is not a whole number from 8000 to 48000.
        """
        self.sample_rate = sample_rate
        self.interruptible = True
        self.metadata: dict[str, Any] = {}
        self.transport_source: str | None = None
        self._stream = engine.create_stream(sample_rate=sample_rate)
        self._bytes = 0

    def accept(self, audio: bytes) -> list[Piece]:
        """Predict the visemes of the next chunk and split it at every multiple of ``PIECE_MS``.

        The whole chunk is processed in one call, because that is more accurate than piece by piece. A chunk that
        contains an incomplete sample is not split.
        """
        events = self._stream.accept_waveform(audio)
        step = PIECE_MS * self.sample_rate // 1000 * _BYTES_PER_SAMPLE
        first = step - self._bytes % step
        cuts = range(first, len(audio), step) if len(audio) % _BYTES_PER_SAMPLE == 0 else ()
        pieces: list[Piece] = []
        begin = taken = 0
        for end in (*cuts, len(audio)):
            until = taken
            while until < len(events) and (end == len(audio) or events[until].time_ms < self._ms(end)):
                until += 1
            pieces.append(Piece(begin, end, self._ms(begin), tuple(events[taken:until])))
            begin, taken = end, until
        self._bytes += len(audio)
        return pieces

    def finish(self) -> Piece:
        """End the speech. If the mouth is open, it closes at the end of the audio."""
        return Piece(0, 0, self._ms(0), tuple(self._stream.input_finished()))

    def _ms(self, offset: int) -> int:
        """Convert a byte index in the current chunk to milliseconds from the start of the speech."""
        return (self._bytes + offset) // _BYTES_PER_SAMPLE * 1000 // self.sample_rate
