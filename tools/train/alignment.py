"""Moves the boundaries of an alignment to where a network hears them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IMPOSSIBLE = np.float32(-1e9)


def realigned(labels: NDArray[np.int8], scores: NDArray[np.float32], reach: int) -> NDArray[np.int8]:
    """Move the boundaries between runs of labels to where the scores have their best path.

    Args:
        labels: Label of each frame, shape (frames,).
        scores: Log likelihood of each label in each frame, shape (frames, labels).
        reach: Frames that a boundary may move either way; each run keeps one frame at least.

    Returns:
        The same runs in the same order, shape (frames,).
    """
    frames = len(labels)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(labels)) + 1))
    ends = np.append(starts[1:], frames)
    first = np.maximum(0, starts - reach)
    first[0] = 0
    last = np.minimum(frames, ends + reach)
    runs = labels[starts]
    best = np.full(len(runs), _IMPOSSIBLE, np.float32)
    entered = np.zeros((frames, len(runs)), bool)
    low = 0
    for t in range(frames):
        # Only runs that may reach over this frame are looked at.
        high = int(np.searchsorted(first, t, side="right"))
        low += int(np.searchsorted(last[low:high], t, side="right"))
        here = slice(low, high)
        stay = best[here]
        enter = np.full(high - low, _IMPOSSIBLE, np.float32)
        if t == 0:
            enter[0] = 0.0 if low == 0 else _IMPOSSIBLE
        else:
            enter[1:] = stay[:-1]
            if low:
                enter[0] = best[low - 1]
        moves = enter > stay
        entered[t, here] = moves
        update = np.where(moves, enter, stay) + scores[t, runs[here]]
        if low:
            best[low - 1] = _IMPOSSIBLE
        best[here] = update
    result = np.empty(frames, labels.dtype)
    run = len(runs) - 1
    for t in range(frames - 1, -1, -1):
        result[t] = runs[run]
        if entered[t, run] and run:
            run -= 1
    return result
