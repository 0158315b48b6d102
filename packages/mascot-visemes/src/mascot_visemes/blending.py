"""Blend weights: how much of each viseme a face shows in each 10 ms, in agreement with the events.

Every frame has a *target*. It is the viseme that the decoder shows, mixed with what the network gives the others; lips
that close (P, B, M), a lip on the teeth (F, V) and the silence gate are shown pure. Where the next frame of the same
call shows another viseme, the target is that one already, so a mouth begins to move 10 ms ahead of the event.

A row is the mean of the last `RAMP_FRAMES` targets, so vowels blend over 40 ms. A pure viseme starts a new mean: its
first row lies half way between the row before and the viseme, its second is the viseme alone, and what came before it
does not return. Hence the bounds: half the sum of the absolute differences between a row and the row before it is at
most 1/4, and at most 1/2 in the first two rows of a pure viseme and in the two rows after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.decode import CLOSURES, SILENCE
from mascot_visemes.products import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mascot_visemes.decode import Change
    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]

RAMP_FRAMES = 4
# Part of a target that the viseme shown has for certain: more than half, so that it leads whatever the network says.
_CERTAIN = np.float32(0.6)
_KEPT = RAMP_FRAMES - 1
_NOT_PURE = -1


class BlendTable:
    """What the blenders of all streams of one engine share.

    Args:
        labels: Of the posteriors, silence being ``SIL``.
        shapes: The viseme set.
        silence_db: Level in dB below which a frame is silence.

    Attributes:
        visemes: How many visemes the set has.
        columns: Names of the blendshapes; none if the columns of the weights are the visemes.
    """

    __slots__ = ("_is_pure", "_matrix", "_poses", "_silence_db", "columns", "visemes")

    def __init__(self, labels: Sequence[str], shapes: ShapeSet, silence_db: float) -> None:
        self.visemes = len(shapes.ids)
        self.columns = shapes.blendshapes
        # In some sets lips that close are those at rest.
        self._is_pure = np.isin(np.arange(self.visemes), [shapes.index_of(phone) for phone in CLOSURES])
        self._matrix = shapes.matrix(labels)
        self._poses = np.array(shapes.poses, np.float32) if shapes.poses else None
        self._silence_db = silence_db

    @property
    def width(self) -> int:
        """How many weights a row has."""
        return len(self.columns) or self.visemes

    def targets(
        self, posteriors: Floats, levels: Floats, path: NDArray[np.intp]
    ) -> tuple[Floats, NDArray[np.intp]]:
        """The target of each frame, shape (streams, frames, visemes), and its viseme if it is pure, else -1.

        Args:
            posteriors: Of phonemes, shape (streams, frames, labels).
            levels: In dB, shape (streams, frames).
            path: The viseme that the decoder shows, shape (streams, frames).
        """
        pure = self._is_pure[path] | (levels < self._silence_db)
        following = pure[:, 1:] & ~pure[:, :-1]
        shown = path.copy()
        np.copyto(shown[:, :-1], path[:, 1:], where=~pure[:, :-1])
        pure[:, :-1] |= following
        certain = np.where(pure, np.float32(1.0), _CERTAIN)
        targets = product(posteriors, self._matrix)
        targets *= (1 - certain)[..., None]
        targets.reshape(-1, self.visemes)[np.arange(path.size), shown.reshape(-1)] += certain.reshape(-1)
        return targets, np.where(pure, shown, _NOT_PURE)

    def posed(self, rows: Floats) -> Floats:
        """Rows of visemes as rows of weights: mixed poses if the set has some, shape (..., width)."""
        return rows if self._poses is None else product(rows, self._poses)


class Blender:
    """Weights of one stream.

    Args:
        table: Shared constants.
        factors: What to multiply each column with, shape (columns,); none to leave them.

    Attributes:
        parts: Weights of the last call, a part for each of its blocks, shape (frames, columns) each.
    """

    __slots__ = ("_factors", "_last", "_pure", "_recent", "_since", "parts", "table")

    def __init__(self, table: BlendTable, factors: Floats | None) -> None:
        self.table = table
        self._factors = factors
        self.reset()

    def reset(self) -> None:
        """Start again with the mouth at rest."""
        self._last = np.zeros(self.table.visemes, np.float32)
        self._last[SILENCE] = 1.0
        self._recent = np.repeat(self._last[None], _KEPT, axis=0)
        # Frames since the last pure target, 1 if that is the last one; and its viseme while it lasts.
        self._since, self._pure = 1, SILENCE
        self.parts: list[Floats] = []

    @property
    def weights(self) -> Floats:
        """Weights of the last call, shape (frames, columns)."""
        if len(self.parts) == 1:
            return self.parts[0]
        return np.concatenate([np.zeros((0, self.table.width), np.float32), *self.parts])

    @staticmethod
    def blend_together(
        blenders: Sequence[Blender], posteriors: Floats, levels: Floats, path: NDArray[np.intp]
    ) -> None:
        """Add the weights of the next frames of several streams to their `parts`.

        Args:
            blenders: Of one table.
            posteriors: Of phonemes, shape (streams, frames, labels), frames at least 1.
            levels: In dB, shape (streams, frames).
            path: The viseme that the decoder shows, shape (streams, frames).
        """
        table = blenders[0].table
        targets, pure = table.targets(posteriors, levels, path)
        targets = np.concatenate(([blender._recent for blender in blenders], targets), axis=1)
        before = np.concatenate((np.array([[b._pure] for b in blenders]), pure[:, :-1]), axis=1)
        since = _frames_since(pure, [blender._since for blender in blenders])
        rows = targets[:, _KEPT:].copy()
        for back in range(1, RAMP_FRAMES):
            rows += targets[:, _KEPT - back : -back] * (since > back)[..., None]
        rows /= np.minimum(since, RAMP_FRAMES).astype(np.float32)[..., None]
        for stream, frame in zip(*((pure != before) & (pure != _NOT_PURE)).nonzero(), strict=True):
            row = rows[stream, frame]
            row += rows[stream, frame - 1] if frame else blenders[stream]._last
            row *= np.float32(0.5)
        ends = zip(blenders, table.posed(rows), rows, targets, pure[:, -1], since[:, -1], strict=True)
        for blender, posed, its_rows, its_targets, its_pure, its_since in ends:
            blender.parts.append(blender._calibrated(posed))
            # Copies: views would keep the arrays of all the others as long as this stream rests.
            blender._last = its_rows[-1].copy()
            blender._recent = its_targets[-_KEPT:].copy()
            blender._pure, blender._since = int(its_pure), min(int(its_since), RAMP_FRAMES)

    def _calibrated(self, weights: Floats) -> Floats:
        if self._factors is None:
            return weights.copy()
        return np.minimum(weights * self._factors, np.float32(1.0))


def shown(
    before: Sequence[tuple[int, int]], changes: Sequence[Sequence[Change]], frames: int
) -> NDArray[np.intp]:
    """The viseme shown in each of the next frames of several streams, shape (streams, frames).

    Args:
        before: For each stream the viseme shown before them, and the number of the first of them.
        changes: What the decoder found for each stream, as (frame, viseme).
        frames: How many there are.
    """
    path = np.empty((len(before), frames), np.intp)
    for row, (start, first), its_changes in zip(path, before, changes, strict=True):
        row[:] = start
        for frame, shape in its_changes:
            row[frame - first :] = shape
    return path


def _frames_since(pure: NDArray[np.intp], before: Sequence[int]) -> NDArray[np.intp]:
    """How many frames a mean may reach back to, itself included: to the last pure target and not beyond it.

    Args:
        pure: As from `BlendTable.targets`, shape (streams, frames).
        before: For each stream what this was in the frame before, at least 1.

    Returns:
        Shape (streams, frames).
    """
    frames = np.arange(pure.shape[1])
    last = np.where(pure != _NOT_PURE, frames, -np.array(before)[:, None])
    np.maximum.accumulate(last, axis=1, out=last)
    return frames - last + 1
