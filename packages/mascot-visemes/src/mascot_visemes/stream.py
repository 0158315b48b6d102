"""One stream of audio: chunks in, changes of mouth shape out, and blend weights if they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

import numpy as np

from mascot_visemes.audio import Encoding, SampleReader
from mascot_visemes.blending import Blender
from mascot_visemes.decode import SILENCE, Decoder, DecoderTable
from mascot_visemes.errors import NoWeightsError, StreamFinishedError, StreamsError, VisemeError
from mascot_visemes.events import V_co, VisemeEvent
from mascot_visemes.features import FRAME_MS
from mascot_visemes.posteriors import Heard, PosteriorStream, listen

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from mascot_visemes.audio import Chunk, Raw
    from mascot_visemes.decode import Change
    from mascot_visemes.network import Network
    from mascot_visemes.shapes import ShapeSet

    _Read = tuple[Raw, int]
    Floats = NDArray[np.float32]

BLOCK_SECONDS = 30  # longer chunks are worked off in blocks, so that memory stays bounded

# Enough for all frames of a chunk to have all their context, and for the decoder's path through them to be clear.
LOOKAHEAD_MS = 100


class Stream(Generic[V_co]):
    """State of one stream; made by `mascot_visemes.Engine.create_stream`. For one thread at a time.

    All audio up to the end of a chunk is answered in the call that brings it. The frames at a chunk's edge are
    decided with the context there is, which is all of it if the call brings the look-ahead, too; what was said is never
    taken back.
    """

    __slots__ = (
        "_blender",
        "_block",
        "_decoder",
        "_finished",
        "_lookahead",
        "_posteriors",
        "_rate",
        "_reader",
        "_shapes",
    )

    def __init__(
        self,
        network: Network,
        shapes: ShapeSet,
        table: DecoderTable,
        blender: Blender | None,
        *,
        sample_rate: int,
        encoding: Encoding,
    ) -> None:
        self._shapes = shapes
        self._rate = sample_rate
        self._block = BLOCK_SECONDS * sample_rate
        self._lookahead = LOOKAHEAD_MS * sample_rate // 1000
        self._reader = SampleReader(encoding)
        self._posteriors = PosteriorStream(network, sample_rate)
        self._decoder = Decoder(table)
        self._blender = blender
        self._finished = False

    @property
    def viseme(self) -> V_co:
        """The shape after all that was accepted; silence at the start."""
        viseme: V_co = self._shapes.ids[self._decoder.current]  # type: ignore[assignment]  # ids of the set that V_co is of
        return viseme

    @property
    def weights(self) -> NDArray[np.float32]:
        """Blend weights of the last chunk: how much of each viseme to show in each 10 ms of it.

        Shape (frames, columns): a row for each 10 ms that begins in the chunk, so the rows of all chunks follow each
        other without gaps, row ``n`` from 10 ``n`` ms on; a column for each of `Engine.visemes`, rows summing to 1.
        With ``shapes="arkit"`` a column for each of `Engine.blendshapes`, coefficients 0..1. Where the stream was
        created with the name of a set, such as ``weights="arkit"``, the columns are those of that set; see `columns`.
        No rows before the first chunk and after `input_finished` and `reset`.

        The weights agree with the events of their set: from its fourth row on, and up to 10 ms before the next event,
        an event's viseme has more than half of the weight. Lips that close, a lip on the teeth and digital silence have
        all of it in their second row at the latest. A row differs from the one before it by at most a quarter of the
        weight; by at most half of it where one of those three begins or ends.

        Raises:
            NoWeightsError: The stream was created without ``weights=True``.
        """
        if self._blender is None:
            raise NoWeightsError
        return self._blender.weights

    @property
    def columns(self) -> tuple[int | str, ...]:
        """What the columns of `weights` stand for: visemes, or with ``arkit`` blendshapes; empty without weights."""
        return () if self._blender is None else self._blender.table.columns

    @property
    def samples(self) -> int:
        """Whole samples accepted since the start."""
        return self._posteriors.samples

    @property
    def time_ms(self) -> int:
        """End of the audio accepted, in ms from the start, rounded down."""
        return self.samples * 1000 // self._rate

    def accept_waveform(self, chunk: Chunk, *, lookahead: Chunk | None = None) -> list[VisemeEvent[V_co]]:
        """Hear the next chunk and answer for all of it.

        Args:
            chunk: Mono audio of any length: bytes in the stream's encoding, where a sample may be split between
                chunks; or an array of shape (n,), int16 or floats (-1..1), uint8 for G.711. A ``memoryview`` or an
                ``array.array`` whose items are not bytes is such an array.
            lookahead: The audio that follows the chunk, if it is known already. It makes the frames at the chunk's end
                as accurate as those of a whole recording. The first `Engine.lookahead_ms` of it are used. They belong
                to the chunks to come, which must begin with them; the network runs over them once.

        Returns:
            Changes of shape within this chunk, sorted; perhaps none. ``time_ms`` is at least the chunk's start (rounded
            down to a ms) and less than its end; successive visemes differ, the first from `viseme` before the call.

        Raises:
            AudioError: The chunk cannot be used; the stream is as before.
            StreamFinishedError: `input_finished` was called and `reset` was not.
        """
        return accept_together([self], [chunk], [lookahead])[0]

    def input_finished(self) -> list[VisemeEvent[V_co]]:
        """End the stream: the mouth closes where the audio ends.

        Returns:
            One event at the end of the audio (rounded down to a ms) if the mouth is open, else none. Part of a
            sample that is still waiting for its other bytes is dropped.
        """
        if self._finished:
            return []
        self._finished = True
        if self._blender is not None:
            self._blender.parts = []
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
        if self._blender is not None:
            self._blender.reset()
        self._finished = False

    def _read(self, chunk: Chunk, lookahead: Chunk | None) -> _Read:
        """Take a chunk and look ahead; returns the samples that have not been heard, and how many are beyond it."""
        if self._finished:
            raise StreamFinishedError
        raw = self._reader.read(chunk)
        heard = self._posteriors.ahead
        if not heard and (lookahead is None or (type(lookahead) is bytes and not lookahead)):
            return raw, 0
        length = len(raw)
        if lookahead is not None:
            raw = self._reader.joined(raw, self._reader.peek(lookahead)[: self._lookahead])
        return raw[heard:], max(len(raw), heard) - length

    def _shortened(self, raw: Raw) -> tuple[list[VisemeEvent[V_co]], Raw]:
        """Work off a long chunk but for its last block; returns what there was to say, and that block.

        The chunk ends in that block, even if the samples are those of its look-ahead as well.
        """
        events: list[VisemeEvent[V_co]] = []
        while len(raw) > self._block + self._lookahead:
            events += _answer([([self], [raw[: self._block]], 0)], edge=False)[0][0]
            raw = raw[self._block :]
        return events, raw


def accept_together(
    streams: Sequence[Stream[V_co]],
    chunks: Sequence[Chunk],
    lookaheads: Sequence[Chunk | None] | None = None,
) -> list[list[VisemeEvent[V_co]]]:
    """`Stream.accept_waveform` for each of several streams of one network, each with a chunk of its own.

    Raises:
        AudioError: One of the chunks cannot be used; all streams are as before.
        StreamFinishedError: One of the streams is finished; all are as before.
        StreamsError: Streams and chunks do not fit together; all are as before.
    """
    if lookaheads is None:
        lookaheads = [None] * len(streams)
    _check(streams, chunks=chunks, lookaheads=lookaheads)
    reads = _read(streams, chunks, lookaheads)
    raws = [raw for raw, _ in reads]
    events: list[list[VisemeEvent[V_co]]] = [[] for _ in streams]
    for stream in streams:
        if stream._blender is not None:
            stream._blender.parts = []
    alike: dict[Hashable, list[int]] = {}
    for i, stream in enumerate(streams):
        if len(raws[i]) > stream._block:
            events[i], raws[i] = stream._shortened(raws[i])
        # Models that share weights differ in the constants of their decoders.
        key = stream._posteriors.phase, len(raws[i]), reads[i][1], stream._decoder.table
        alike.setdefault(key, []).append(i)
    groups = [
        ([streams[i] for i in members], [raws[i] for i in members], reads[members[0]][1])
        for members in alike.values()
    ]
    for members, answers in zip(alike.values(), _answer(groups, edge=True), strict=True):
        for i, answer in zip(members, answers, strict=True):
            events[i] += answer
    return events


def _check(streams: Sequence[Stream[Any]], **given: Sequence[Chunk | None]) -> None:
    for name, values in given.items():
        if len(values) != len(streams):
            raise StreamsError(f"{name}: expected one for each of {len(streams)} streams, got {len(values)}")
    if len(set(map(id, streams))) != len(streams):
        raise StreamsError("streams: one is given twice; give it its chunks one call after the other")


def _read(
    streams: Sequence[Stream[Any]], chunks: Sequence[Chunk], lookaheads: Sequence[Chunk | None]
) -> list[_Read]:
    """Read a chunk of each stream. All chunks are consumed, or none."""
    reads = []
    carried = [stream._reader.carried for stream in streams]
    try:
        for stream, chunk, lookahead in zip(streams, chunks, lookaheads, strict=True):
            reads.append(stream._read(chunk, lookahead))
    except VisemeError:
        for stream, before in zip(streams, carried, strict=True):
            stream._reader.carried = before
        raise
    return reads


def _answer(
    groups: Sequence[tuple[list[Stream[V_co]], list[Raw], int]], *, edge: bool
) -> list[list[list[VisemeEvent[V_co]]]]:
    """Let streams hear and decide.

    Args:
        groups: Streams of one engine that are in phase, as many samples for each of them, and how many of these are
            beyond the chunks.
        edge: Whether the chunks end here.

    Returns:
        For each group what each of its streams says.
    """
    to_hear = []
    for streams, raws, ahead in groups:
        for stream in streams:
            stream._posteriors.ahead = ahead
        samples = np.empty((len(streams), len(raws[0])), np.float32)
        SampleReader.floats_together([stream._reader for stream in streams], raws, samples)
        to_hear.append(([stream._posteriors for stream in streams], samples))
    result = []
    for (streams, _, _), heard in zip(groups, listen(to_hear, edge=edge), strict=True):
        ids: Sequence[V_co] = streams[0]._shapes.ids  # type: ignore[assignment]  # of the set that V_co is of
        decoders = [stream._decoder for stream in streams]
        blenders = [stream._blender for stream in streams]
        tables = {blender.table for blender in blenders if blender is not None} if heard.frames else ()
        shares = decoders[0].table.shares(heard.told)
        found = Decoder.decode_together(decoders, heard, edge=edge, shares=shares)
        for table in tables:
            rows = [row for row, its in enumerate(blenders) if its is not None and its.table is table]
            _blend(streams, rows, heard, shares, found, edge=edge)
        result.append(
            [[VisemeEvent(frame * FRAME_MS, ids[shape]) for frame, shape in changes] for changes in found]
        )
    return result


def _blend(
    streams: Sequence[Stream[Any]],
    rows: list[int],
    heard: Heard,
    shares: Floats,
    found: list[list[Change]],
    *,
    edge: bool,
) -> None:
    """Weigh the frames that were decided, for those streams of a group whose weights are of one set.

    Args:
        streams: All of the group.
        rows: Which of them have these weights.
        heard: What the group has heard, frames at least 1.
        shares: Of the visemes of the group's events, for all frames in `heard`.
        found: The changes of each stream.
        edge: Whether a chunk ends here.
    """
    if len(rows) < len(streams):
        heard, shares = Heard(heard.told[rows], heard.levels[rows], heard.ahead), shares[rows]
    blenders = [blender for row in rows if (blender := streams[row]._blender) is not None]
    decoders = [blender.decoder for blender in blenders if blender.decoder is not None]
    if decoders:
        shares = decoders[0].table.shares(heard.told)
        found = Decoder.decode_together(decoders, heard, edge=edge, shares=shares)
    else:
        decoders, found = [streams[row]._decoder for row in rows], [found[row] for row in rows]
    end = shares.shape[1] - heard.ahead
    decided, levels = shares[:, end - heard.frames : end], heard.levels[:, : heard.frames]
    Blender.blend_together(blenders, decoders, decided, levels, found)
