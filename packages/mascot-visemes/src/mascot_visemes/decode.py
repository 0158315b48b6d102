"""From posteriors of 10 ms frames to changes of shape.

The frames that one call brings are decided together: the best path through them (Viterbi), where every change of
shape costs the same and the path starts from the shape now shown. So a shape has to be better by that cost to be
taken up, and a short blip has to be better by twice that. What has been decided is never taken back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import DecoderSettings
    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]
    _History = tuple[int, int, "_History"] | None

SILENCE = 0  # index of silence in every viseme set

_SMALLEST = np.float32(
    1e-5
)  # posteriors below this count as this, so that one frame alone cannot veto a path
_IMPOSSIBLE = np.float32(-1e6)


class DecoderTable:
    """What the decoders of all streams of one engine share.

    Args:
        labels: Of the posteriors to decode, silence being ``SIL``.
        shapes: The viseme set to decode into.
        settings: Constants for that set.
    """

    __slots__ = ("_bias", "_blend", "_matrix", "_rest", "_silence_db", "columns", "switch_cost")

    def __init__(self, labels: Sequence[str], shapes: ShapeSet, settings: DecoderSettings) -> None:
        self._matrix = shapes.matrix(labels)
        self._blend = shapes.blend(labels)
        self._rest = self._blend[labels.index("SIL")]
        self.columns: int = self._blend.shape[1]
        self._bias = np.array(settings.bias, np.float32)
        self._silence_db = settings.silence_db
        self.switch_cost = settings.switch_cost

    def scores(self, posteriors: Floats, levels: Floats) -> Floats:
        """Biased log posterior of each viseme, shape (frames, visemes)."""
        scores: Floats = posteriors @ self._matrix
        np.maximum(scores, _SMALLEST, out=scores)
        np.log(scores, out=scores)
        scores += self._bias
        silent = levels < self._silence_db
        if silent.any():
            scores[silent] = _IMPOSSIBLE
            scores[silent, SILENCE] = 0.0
        return scores

    def weights(self, posteriors: Floats, levels: Floats) -> Floats:
        """How much each viseme is shown, or each blendshape if the set has poses, shape (frames, columns)."""
        weights: Floats = np.clip(posteriors @ self._blend, 0.0, 1.0)
        weights[levels < self._silence_db] = self._rest
        return weights


class Decoder:
    """Decides the shape of one stream's mouth.

    Args:
        table: Shared constants.
    """

    __slots__ = ("_table", "current", "frame")

    def __init__(self, table: DecoderTable) -> None:
        self._table = table
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
        if not len(posteriors):
            return []
        scores = self._table.scores(posteriors, levels)
        likely = scores.argmax(axis=1).tolist()
        start, self.frame = self.frame, self.frame + len(likely)
        # Only shapes that are the likeliest somewhere can be worth a change.
        shapes = sorted({self.current, *likely})
        if len(shapes) == 1:
            return []
        rows = scores.take(shapes, axis=1).tolist()
        path = _best_changes(rows, shapes.index(self.current), self._table.switch_cost)
        changes = [(start + row, shapes[position]) for row, position in path]
        if changes:
            self.current = changes[-1][1]
        return changes


def _best_changes(scores: list[list[float]], start: int, cost: float) -> list[tuple[int, int]]:
    """Changes, as (row, column), of the path with the largest sum of scores, each change taking `cost` off.

    Lists rather than arrays: there are a handful of frames and shapes, and numpy's calls would cost more than the sums.
    """
    totals = [-math.inf] * len(scores[0])
    totals[start] = 0.0
    # The changes of the best path that ends in each shape, last one first: (row, column, changes before it).
    histories: list[_History] = [None] * len(totals)
    for row, gains in enumerate(scores):
        best = max(totals)
        switched, before = best - cost, histories[totals.index(best)]
        for column, gain in enumerate(gains):
            total = totals[column]
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
