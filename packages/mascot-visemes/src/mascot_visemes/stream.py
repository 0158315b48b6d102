"""One stream of audio: chunks in, changes of mouth shape out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.audio import Encoding, SampleReader
from mascot_visemes.decode import SILENCE, Decoder, DecoderTable
from mascot_visemes.errors import StreamFinishedError, VisemeError
from mascot_visemes.features import FRAME_MS
from mascot_visemes.posteriors import PosteriorStream, listen

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from mascot_visemes.audio import Chunk, Raw
    from mascot_visemes.network import Network
    from mascot_visemes.shapes import ShapeSet

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

    __slots__ = ("_block", "_decoder", "_finished", "_posteriors", "_rate", "_reader", "_shapes")

    def __init__(
        self, network: Network, shapes: ShapeSet, table: DecoderTable, *, sample_rate: int, encoding: Encoding
    ) -> None:
        self._shapes = shapes
        self._rate = sample_rate
        self._block = BLOCK_SECONDS * sample_rate
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
        events, raw = self._shortened(self._reader.read(chunk))
        return events + _answer([([self], [raw])], edge=True)[0][0]

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
        self._decoder.close()
        # A frame may have begun in the last fraction of a ms; its event must stay the earlier one.
        last_begun = (self._posteriors.decided - 1) * FRAME_MS
        return [VisemeEvent(max(self.time_ms, last_begun + 1), self.viseme)]

    def reset(self) -> None:
        """Start again at 0 ms with the mouth closed, as if the stream were new."""
        self._reader.reset()
        self._posteriors.reset()
        self._decoder.reset()
        self._finished = False

    def _shortened(self, raw: Raw) -> tuple[list[VisemeEvent], Raw]:
        """Work off a long chunk but for its last block; returns what there was to say, and that block."""
        events: list[VisemeEvent] = []
        while len(raw) > self._block:
            events += _answer([([self], [raw[: self._block]])], edge=False)[0][0]
            raw = raw[self._block :]
        return events, raw


def accept_together(streams: Sequence[Stream], chunks: Sequence[Chunk]) -> list[list[VisemeEvent]]:
    """`Stream.accept_waveform` for each of several streams of one engine, each with a chunk of its own.

    Raises:
        AudioError: One of the chunks cannot be used; all streams are as before.
        StreamFinishedError: One of the streams is finished; all are as before.
        ValueError: Streams and chunks do not fit together; all are as before.
    """
    if len(streams) != len(chunks):
        raise ValueError(f"chunks: expected one for each of {len(streams)} streams, got {len(chunks)}")
    if len(set(map(id, streams))) != len(streams):
        raise ValueError("streams: one is given twice; give it its chunks one call after the other")
    raws = _read(streams, chunks)
    events: list[list[VisemeEvent]] = [[] for _ in streams]
    alike: dict[Hashable, list[int]] = {}
    for i, stream in enumerate(streams):
        if len(raws[i]) > stream._block:
            events[i], raws[i] = stream._shortened(raws[i])
        alike.setdefault((stream._posteriors.phase, len(raws[i])), []).append(i)
    groups = [([streams[i] for i in members], [raws[i] for i in members]) for members in alike.values()]
    for members, answers in zip(alike.values(), _answer(groups, edge=True), strict=True):
        for i, answer in zip(members, answers, strict=True):
            events[i] += answer
    return events


def _read(streams: Sequence[Stream], chunks: Sequence[Chunk]) -> list[Raw]:
    """The samples of each stream's chunk; all are taken or none."""
    raws = []
    carried = [stream._reader.carried for stream in streams]
    try:
        for stream, chunk in zip(streams, chunks, strict=True):
            if stream._finished:
                raise StreamFinishedError
            raws.append(stream._reader.read(chunk))
    except VisemeError:
        for stream, before in zip(streams, carried, strict=True):
            stream._reader.carried = before
        raise
    return raws


def _answer(groups: Sequence[tuple[list[Stream], list[Raw]]], *, edge: bool) -> list[list[list[VisemeEvent]]]:
    """Let streams hear and decide.

    Args:
        groups: Streams that are in phase, and as many samples for each of them.
        edge: Whether the chunks end here.

    Returns:
        For each group what each of its streams says.
    """
    to_hear = []
    for streams, raws in groups:
        samples = np.empty((len(streams), len(raws[0])), np.float32)
        SampleReader.floats_together([stream._reader for stream in streams], raws, samples)
        to_hear.append(([stream._posteriors for stream in streams], samples))
    result = []
    for (streams, _), heard in zip(groups, listen(to_hear, edge=edge), strict=True):
        ids = streams[0]._shapes.ids
        found = Decoder.decode_together([stream._decoder for stream in streams], heard, edge=edge)
        result.append(
            [[VisemeEvent(frame * FRAME_MS, ids[shape]) for frame, shape in changes] for changes in found]
        )
    return result
