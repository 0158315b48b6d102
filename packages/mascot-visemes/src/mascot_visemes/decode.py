"""From posteriors of 10 ms frames to changes of shape.

The frames that one call brings are decided together: the best path through them (Viterbi), where a change costs what
its new shape asks, and the path starts from the shape now shown. So a shape has to be better by that cost to be taken
up, and a short blip has to be better by that of coming back too. What has been decided is never taken back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.products import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import DecoderSettings
    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]
    _History = tuple[int, int, "_History"] | None

SILENCE = 0  # index of silence in every viseme set

# Posteriors below this count as this, so that one frame alone cannot veto a path.
_SMALLEST = np.float32(1e-5)
_IMPOSSIBLE = np.float32(-1e6)
# Streams from which on it is quicker to find all paths at once, with arrays, than one after the other.
_MANY = 24


class DecoderTable:
    """What the decoders of all streams of one engine share.

    Args:
        labels: Of the posteriors to decode, silence being ``SIL``.
        shapes: The viseme set to decode into.
        settings: Constants for that set.

    Attributes:
        columns: How many weights a frame has.
        costs: Of a change to each viseme.
    """

    __slots__ = ("_blend", "_matrix", "_rest", "_silence_db", "_smallest", "columns", "costs")

    def __init__(self, labels: Sequence[str], shapes: ShapeSet, settings: DecoderSettings) -> None:
        # A bias on a logarithm is a factor before it.
        factors = np.exp(np.array(settings.bias, np.float32))
        self._matrix = shapes.matrix(labels) * factors
        self._smallest = _SMALLEST * factors
        self._blend = shapes.blend(labels)
        self._rest = self._blend[labels.index("SIL")]
        self.columns: int = self._blend.shape[1]
        self._silence_db = settings.silence_db
        self.costs = settings.switch_cost

    def scores(self, posteriors: Floats, levels: Floats) -> Floats:
        """Biased log posterior of each viseme, shape (..., frames, visemes)."""
        scores = product(posteriors, self._matrix)
        np.maximum(scores, self._smallest, out=scores)
        np.log(scores, out=scores)
        if levels.min() < self._silence_db:
            silent = levels < self._silence_db
            scores[silent] = _IMPOSSIBLE
            scores[silent, SILENCE] = 0.0
        return scores

    def weights(self, posteriors: Floats, levels: Floats) -> Floats:
        """How much each viseme is shown, or each blendshape if the set has poses, shape (frames, columns)."""
        weights: Floats = np.clip(product(posteriors, self._blend), 0.0, 1.0)
        weights[levels < self._silence_db] = self._rest
        return weights


class Decoder:
    """Decides the shape of one stream's mouth.

    Args:
        table: Shared constants.
    """

    __slots__ = ("current", "frame", "table")

    def __init__(self, table: DecoderTable) -> None:
        self.table = table
        self.reset()

    def reset(self) -> None:
        """Start again: frame 0, mouth closed."""
        self.current = SILENCE
        self.frame = 0

    def decode(self, posteriors: Floats, levels: Floats) -> list[tuple[int, int]]:
        """Decide the next frames.

        Args:
            posteriors: Of the network's labels, shape (frames, labels).
            levels: In dB, shape (frames,).

        Returns:
            Changes as (frame, index of the viseme in its set).
        """
        return self.decode_together([self], posteriors[None], levels[None])[0]

    @staticmethod
    def decode_together(
        decoders: Sequence[Decoder], posteriors: Floats, levels: Floats
    ) -> list[list[tuple[int, int]]]:
        """What `decode` returns for each of several streams, in less time.

        Args:
            decoders: Of one table.
            posteriors: Shape (streams, frames, labels).
            levels: Shape (streams, frames).
        """
        count = levels.shape[1]
        if not count:
            return [[] for _ in decoders]
        table = decoders[0].table
        scores = table.scores(posteriors, levels)
        current = [decoder.current for decoder in decoders]
        found = best_paths(scores, current, table.costs)
        result = []
        for decoder, path in zip(decoders, found, strict=True):
            result.append([(decoder.frame + row, shape) for row, shape in path])
            decoder.frame += count
            if path:
                decoder.current = path[-1][1]
        return result


def best_paths(scores: Floats, current: Sequence[int], costs: Sequence[float]) -> list[list[tuple[int, int]]]:
    """For each stream the changes, as (row, shape), of the path with the largest sum of scores less costs.

    Only shapes that are shown now or the likeliest somewhere are looked at.

    Args:
        scores: Shape (streams, frames, shapes), frames at least 1.
        current: The shape from which each path starts.
        costs: Of a change to each shape, at least 0.
    """
    find = _paths if len(current) >= _MANY else _paths_one_by_one
    return find(scores, scores.argmax(axis=2), current, costs)


def _paths_one_by_one(
    scores: Floats, likely: NDArray[np.intp], current: Sequence[int], costs: Sequence[float]
) -> list[list[tuple[int, int]]]:
    found = []
    for rows, its_likely, start in zip(scores, likely.tolist(), current, strict=True):
        path: list[tuple[int, int]] = []
        if its_likely.count(start) < len(its_likely):
            # While the shape shown is the likeliest, nothing is gained by leaving it.
            first = 0
            while its_likely[first] == start:
                first += 1
            shapes = sorted({start, *its_likely})
            gains = rows[first:].take(shapes, axis=1).tolist()
            changes = _best_changes(gains, shapes.index(start), [costs[shape] for shape in shapes])
            path = [(first + row, shapes[column]) for row, column in changes]
        found.append(path)
    return found


def _best_changes(scores: list[list[float]], start: int, costs: list[float]) -> list[tuple[int, int]]:
    """Changes, as (row, column), of the best path.

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


def _paths(
    scores: Floats, likely: NDArray[np.intp], current: Sequence[int], costs: Sequence[float]
) -> list[list[tuple[int, int]]]:
    """The same as `_paths_one_by_one`, for all streams at once."""
    streams, frames, shapes = scores.shape
    every = np.arange(streams)
    start = np.array(current)
    asked = np.full((streams, shapes), np.inf)
    looked_at = np.concatenate((likely, start[:, None]), axis=1)
    asked[every[:, None], looked_at] = np.array(costs)[looked_at]
    gains = scores.transpose(1, 0, 2).astype(np.float64)
    totals = np.full((frames + 1, streams, shapes), -np.inf)
    totals[0, every, start] = 0.0
    switched = np.empty((frames, streams, shapes))
    for before, after, change, gain in zip(totals, totals[1:], switched, gains, strict=False):
        np.subtract(np.maximum.reduce(before, axis=1, keepdims=True), asked, out=change)
        np.maximum(before, change, out=after)
        np.add(after, gain, out=after)
    # A place is a stream and a shape, as one number; from each, the place before it.
    places = np.arange(streams * shapes).reshape(streams, shapes)
    origins = totals.argmax(axis=2) + places[:, 0]
    back = np.where(totals[:-1] < switched, origins[:-1, :, None], places)
    path = np.empty((frames + 1, streams), np.intp)
    path[frames] = origins[frames]
    for row in range(frames, 0, -1):
        back[row - 1].take(path[row], out=path[row - 1])
    path = path.T % shapes
    found: list[list[tuple[int, int]]] = [[] for _ in current]
    changed = np.nonzero(path[:, 1:] != path[:, :-1])
    for stream, row, shape in zip(*(c.tolist() for c in changed), path[:, 1:][changed].tolist(), strict=True):
        found[stream].append((row, shape))
    return found
