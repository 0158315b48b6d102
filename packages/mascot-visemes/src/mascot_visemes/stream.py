"""One stream of audio: chunks in, changes of mouth shape out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.audio import Encoding, SampleReader
from mascot_visemes.decode import SILENCE, Decoder, DecoderTable
from mascot_visemes.errors import StreamFinishedError
from mascot_visemes.features import FRAME_MS
from mascot_visemes.posteriors import PosteriorStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mascot_visemes.audio import Chunk
    from mascot_visemes.network import Network
    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]

BLOCK_SECONDS = 30  # longer chunks are worked off in blocks, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class VisemeEvent:
    """The mouth changes shape.

    Attributes:
        time_ms: When, in ms from the start of the stream.
        viseme: The new shape, in the ids of the engine's viseme set: SAPI 0..21, else a name.
    """

    time_ms: int
    viseme: int | str


class Stream:
    """State of one stream; made by `mascot_visemes.Engine.create_stream`. For one thread at a time.

    All audio up to the end of a chunk is answered in the call that brings it. The frames at a chunk's edge are
    decided with the context there is; what was said is never taken back.
    """

    __slots__ = ("_decoder", "_finished", "_posteriors", "_rate", "_reader", "_shapes")

    def __init__(
        self, network: Network, shapes: ShapeSet, table: DecoderTable, *, sample_rate: int, encoding: Encoding
    ) -> None:
        self._shapes = shapes
        self._rate = sample_rate
        self._reader = SampleReader(encoding)
        self._posteriors = PosteriorStream(network, sample_rate)
        self._decoder = Decoder(table)
        self._finished = False

    @property
    def viseme(self) -> int | str:
        """The shape after all that was accepted; silence at the start."""
        return self._shapes.ids[self._decoder.current]

    @property
    def samples(self) -> int:
        """Whole samples accepted since the start."""
        return self._posteriors.samples

    @property
    def time_ms(self) -> int:
        """End of the audio accepted, in ms from the start, rounded down."""
        return self.samples * 1000 // self._rate

    def accept_waveform(self, chunk: Chunk) -> list[VisemeEvent]:
        """Hear the next chunk and answer for all of it.

        Args:
            chunk: Mono audio of any length: bytes in the stream's encoding, where a sample may be split between
                chunks; or an array of shape (n,), int16 or float32 (-1..1), uint8 for G.711.

        Returns:
            Changes of shape within this chunk, sorted; perhaps none. ``time_ms`` is at least the chunk's start (rounded
            down to a ms) and less than its end; successive visemes differ, the first from `viseme` before the call.

        Raises:
            AudioError: The chunk cannot be used; the stream is as before.
            StreamFinishedError: `input_finished` was called and `reset` was not.
        """
        if self._finished:
            raise StreamFinishedError
        raw = self._reader.read(chunk)
        block = BLOCK_SECONDS * self._rate
        events: list[VisemeEvent] = []
        while len(raw) > block:
            events += self._decide([self._posteriors.listen(self._reader.floats(raw[:block]))])
            raw = raw[block:]
        events += self._decide([self._posteriors.listen(self._reader.floats(raw)), self._posteriors.edge()])
        return events

    def input_finished(self) -> list[VisemeEvent]:
        """End the stream: the mouth closes where the audio ends.

        Returns:
            One event at the end of the audio (rounded down to a ms) if the mouth is open, else none. Part of a
            sample that is still waiting for its other bytes is dropped.
        """
        if self._finished:
            return []
        self._finished = True
        if self._decoder.current == SILENCE:
            return []
        self._decoder.current = SILENCE
        # A frame may have begun in the last fraction of a ms; its event must stay the earlier one.
        last_begun = (self._posteriors.decided - 1) * FRAME_MS
        return [VisemeEvent(max(self.time_ms, last_begun + 1), self.viseme)]

    def reset(self) -> None:
        """Start again at 0 ms with the mouth closed, as if the stream were new."""
        self._reader.reset()
        self._posteriors.reset()
        self._decoder.reset()
        self._finished = False

    def _decide(self, parts: Iterable[tuple[Floats, Floats]]) -> list[VisemeEvent]:
        """Decode frames together that came in parts."""
        posteriors, levels = (np.concatenate(part) for part in zip(*parts, strict=True))
        changes = self._decoder.decode(posteriors, levels)
        return [VisemeEvent(frame * FRAME_MS, self._shapes.ids[index]) for frame, index in changes]
