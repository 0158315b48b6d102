"""From posteriors of 10 ms frames to changes of shape.

The frames that one call brings are decided together: the best path through them (Viterbi), where a change costs what
its new shape asks, and the path starts from the shape now shown. So a shape has to be better by that cost to be taken
up, and a short blip has to be better by that of coming back too. What has been decided is never taken back.

Lips that close (P, B, M) and a lip on the teeth (F, V) are what a viewer misses, and what is hardest to tell at the
edge of a chunk, before the sound that follows has been heard. So at an edge they are taken up with reserve. If the next
call makes clear that there was one that has not been shown, it is shown then, for a moment and at most 40 ms late.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.kernels import KERNELS
from mascot_visemes.posteriors import AGAIN_FRAMES, Heard
from mascot_visemes.products import product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import DecoderSettings
    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]
    _History = tuple[int, int, "_History"] | None
    Change = tuple[int, int]

SILENCE = 0  # index of silence in every viseme set
CLOSURES = ("P", "F")  # a phone of each shape that is shown late rather than not at all

# Posteriors below this count as this, so that one frame alone cannot veto a path.
_SMALLEST = np.float32(1e-5)
_IMPOSSIBLE = np.float32(-1e6)
# Streams from which on it is quicker to look for clear paths first, with arrays.
_MANY = 4
_ROUNDING = 1e-6  # of sums of scores
_LATE_FRAMES = 3  # for which a closure is shown that comes late
_LATE_BONUS = np.float32(50.0)  # more than a path can gain by passing it over, less than silence vetoes
# Frames before a closure within which the same shape, shown a little early, was that closure.
_NEAR_FRAMES = 4
# Changes that are remembered: as many as fit between there and the present.
_REMEMBERED = _NEAR_FRAMES + AGAIN_FRAMES + 1


class DecoderTable:
    """What the decoders of all streams of one engine share.

    Args:
        labels: Of the posteriors to decode, silence being ``SIL``.
        shapes: The viseme set to decode into.
        settings: Constants for that set.

    Attributes:
        costs: Of a change to each viseme.
        factors: What the posterior of each viseme is multiplied with for its share, shape (visemes,).
    """

    __slots__ = (
        "_edge_bias",
        "_is_closure",
        "_lead",
        "_matrix",
        "_settings",
        "_smallest",
        "costs",
        "factors",
    )

    def __init__(self, labels: Sequence[str], shapes: ShapeSet, settings: DecoderSettings) -> None:
        # A bias on a logarithm is a factor before it.
        self.factors = np.exp(np.array(settings.bias, np.float32))
        self._matrix = shapes.matrix(labels) * self.factors
        self._smallest = _SMALLEST * self.factors
        self._settings = settings
        self.costs = settings.switch_cost
        # In some sets lips that close are those at rest, which need no help.
        closures = sorted({shapes.index_of(phone) for phone in CLOSURES} - {SILENCE})
        self._is_closure = np.isin(np.arange(len(shapes.ids)), closures)
        self._edge_bias = self._is_closure * np.float32(settings.edge_bias)
        self._lead = math.exp(settings.late_lead)

    def shares(self, posteriors: Floats) -> Floats:
        """Share of each viseme, its bias as a factor, shape (..., frames, visemes)."""
        return product(posteriors, self._matrix)

    def scores(self, shares: Floats, levels: Floats, *, edge: bool) -> Floats:
        """Biased log posterior of each viseme, shape (streams, frames, visemes).

        Args:
            shares: As from `shares`, with two axes before the last.
            levels: Of the last of these frames, those to score.
            edge: Whether a chunk ends there.
        """
        settings = self._settings
        edge_frames = settings.edge_frames if edge else 0
        if KERNELS is not None:
            scores = np.empty((*levels.shape, len(self.costs)), np.float32)
            KERNELS.scores(
                np.ascontiguousarray(shares),
                np.ascontiguousarray(levels),
                len(levels),
                self._smallest,
                self._edge_bias,
                edge_frames,
                settings.silence_db,
                scores,
            )
            return scores
        scores = np.maximum(shares[:, shares.shape[1] - levels.shape[1] :], self._smallest)
        np.log(scores, out=scores)
        if edge_frames:
            scores[:, -edge_frames:] += self._edge_bias
        if levels.min() < settings.silence_db:
            silent = levels < settings.silence_db
            scores[silent] = _IMPOSSIBLE
            scores[silent, SILENCE] = 0.0
        return scores

    def missed(self, shares: Floats, decided: int) -> list[tuple[int, int, int]]:
        """Return clear closures in frames that have been decided: (stream, frames since, viseme).

        Args:
            shares: As from `shares`, with two axes before the last.
            decided: How many of these frames have been decided, the first ones.
        """
        if KERNELS is not None:
            shares = np.ascontiguousarray(shares)
            return KERNELS.clear_closures(shares, len(shares), decided, self._is_closure, self._lead)
        shares = shares[:, :decided]
        likely = shares.argmax(axis=2)
        streams, rows = self._is_closure.take(likely).nonzero()
        second, first = np.partition(shares[streams, rows], -2, axis=1)[:, -2:].T
        clear = first > self._lead * second
        streams, rows = streams[clear], rows[clear]
        since, shape = shares.shape[1] - rows, likely[streams, rows]
        return list(zip(streams.tolist(), since.tolist(), shape.tolist(), strict=True))


class Decoder:
    """Decides the shape of one stream's mouth.

    Args:
        table: Shared constants.
    """

    __slots__ = ("_changes", "frame", "table")

    def __init__(self, table: DecoderTable) -> None:
        self.table = table
        self.reset()

    def reset(self) -> None:
        """Start again: frame 0, mouth closed."""
        self.frame = 0
        self._changes: list[Change] = [(0, SILENCE)]

    @property
    def current(self) -> int:
        """The shape now shown."""
        return self._changes[-1][1]

    def close(self) -> None:
        """Show silence from here on."""
        self._changes.append((self.frame, SILENCE))

    def _shown(self, shape: int, since: int) -> bool:
        """Return whether a viseme has been shown in the last `since` frames."""
        end = self.frame
        for frame, shown in reversed(self._changes):
            if end <= self.frame - since:
                return False
            if shown == shape:
                return True
            end = frame
        return False

    @staticmethod
    def decode_together(
        decoders: Sequence[Decoder], heard: Heard, *, edge: bool, shares: Floats | None = None
    ) -> list[list[Change]]:
        """Decide the next frames of several streams.

        Args:
            decoders: Of one table.
            heard: What their streams have heard, a row a decoder.
            edge: Whether a chunk ends here.
            shares: As from `DecoderTable.shares` of the posteriors in `heard`, if they are known.

        Returns:
            For each stream its changes as (frame, index of the viseme in its set).
        """
        count = heard.frames
        if not count:
            return [[] for _ in decoders]
        table = decoders[0].table
        if shares is None:
            shares = table.shares(heard.told)
        decided = shares.shape[1] - heard.levels.shape[1]
        missed = table.missed(shares, decided) if decided else []
        scores = table.scores(shares, heard.levels, edge=edge)
        for stream, since, shape in missed:
            if not decoders[stream]._shown(shape, since + _NEAR_FRAMES):
                scores[stream, :_LATE_FRAMES, shape] += _LATE_BONUS
        found = best_paths(scores, [decoder.current for decoder in decoders], table.costs)
        result = []
        for decoder, path in zip(decoders, found, strict=True):
            # Those of the look-ahead are found anew with what follows it.
            changes = [(decoder.frame + row, shape) for row, shape in path if row < count]
            result.append(changes)
            decoder.frame += count
            if changes:
                decoder._changes = (decoder._changes + changes)[-_REMEMBERED:]
        return result


def best_paths(scores: Floats, current: Sequence[int], costs: Sequence[float]) -> list[list[Change]]:
    """For each stream the changes, as (row, shape), of the path with the largest sum of scores less costs.

    Args:
        scores: Shape (streams, frames, shapes), frames at least 1.
        current: The shape from which each path starts.
        costs: Of a change to each shape, at least 0.
    """
    if KERNELS is not None:
        return KERNELS.best_paths(np.ascontiguousarray(scores), np.array(current, np.int32), np.array(costs))
    likely = scores.argmax(axis=2)
    paths: list[list[Change]] = [[] for _ in current]
    unclear: Iterable[int] = range(len(current))
    if len(current) >= _MANY:
        paths, unclear = _clear_paths(scores, likely, current, np.array(costs))
    for stream in unclear:
        paths[stream] = _best_path(scores[stream], likely[stream].tolist(), current[stream], costs)
    return paths


def _clear_paths(
    scores: Floats, likely: NDArray[np.intp], current: Sequence[int], costs: NDArray[np.float64]
) -> tuple[list[list[Change]], Iterable[int]]:
    """Return paths through the likeliest visemes, and the streams for which another path might be better.

    A path of the likeliest shapes is the best one if no run of a shape in it is so little better than the next best
    shape that it could be left out: that spares its cost, and that of coming back after it, and nothing else.
    """
    streams, frames, _ = scores.shape
    shown = np.concatenate((np.array(current)[:, None], likely), axis=1)
    stream, row = np.nonzero(shown[:, 1:] != shown[:, :-1])
    paths: list[list[Change]] = [[] for _ in current]
    if not len(stream):
        return paths, ()
    shape = likely[stream, row]
    for number, change in zip(stream.tolist(), zip(row.tolist(), shape.tolist(), strict=True), strict=True):
        paths[number].append(change)
    best = np.partition(scores, -2, axis=2)[..., -2:].reshape(-1, 2)
    lead = np.zeros(streams * frames + 1)
    lead[1:] = best[:, 1] - best[:, 0]
    np.cumsum(lead, out=lead)
    begin = stream * frames + row
    end = (stream + 1) * frames
    saved = costs[shape]
    # Where the same stream changes again, the run ends there.
    again = np.flatnonzero(stream[1:] == stream[:-1])
    end[again] = begin[again + 1]
    saved[again] += costs[shape[again + 1]]
    return paths, set(stream[lead[end] - lead[begin] <= saved + _ROUNDING].tolist())


def _best_path(scores: Floats, likely: list[int], start: int, costs: Sequence[float]) -> list[Change]:
    """Find the best path of one stream, among the current viseme and those that are likeliest in some frame."""
    if likely.count(start) == len(likely):
        return []
    # While the shape shown is the likeliest, nothing is gained by leaving it.
    first = 0
    while likely[first] == start:
        first += 1
    shapes = sorted({start, *likely})
    gains = scores[first:].take(shapes, axis=1).tolist()
    changes = _best_changes(gains, shapes.index(start), [costs[shape] for shape in shapes])
    return [(first + row, shapes[column]) for row, column in changes]


def _best_changes(scores: list[list[float]], start: int, costs: list[float]) -> list[Change]:
    """Return the changes of the best path, as (row, column).

    Lists rather than arrays: there are a handful of frames and shapes, and numpy's calls would cost more than the sums.
    """
    totals = [-math.inf] * len(costs)
    totals[start] = 0.0
    # The changes of the best path that ends in each shape, last one first: (row, column, changes before it).
    histories: list[_History] = [None] * len(totals)
    for row, gains in enumerate(scores):
        best = max(totals)
        before = histories[totals.index(best)]
        for column, gain in enumerate(gains):
            total = totals[column]
            switched = best - costs[column]
            # Ties go to staying, so that a path is never longer than it need be.
            if total < switched:
                total = switched
                histories[column] = (row, column, before)
            totals[column] = total + gain
    history = histories[totals.index(max(totals))]
    changes = []
    while history:
        row, column, history = history
        changes.append((row, column))
    return changes[::-1]
