"""Blend weights: how much of each viseme a face shows in each 10 ms, in agreement with the events.

Every frame has a *target*. It is the viseme that the decoder shows, mixed with what the network gives the others; lips
that close (P, B, M), a lip on the teeth (F, V) and the silence gate are *pure*: that viseme alone. Where the next frame
of the same call shows another viseme, the target is that one already, so a mouth begins to move 10 ms ahead of the
event, and lips are shut when the event says so.

Each row goes a part of the way from the row before it to the target: a quarter; half of it where a pure viseme begins
or has just ended; all of it from the second frame of a pure viseme on. So half the sum of the absolute differences
between two rows is at most 1/4, and at most 1/2 in the first two rows of a pure viseme and in the row after it. After
four frames a viseme has `_CERTAIN` * (1 - (3/4)^4) > 1/2 of the weight, whatever the network gives the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.decode import CLOSURES, SILENCE
from mascot_visemes.products import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mascot_visemes.decode import Change, Decoder
    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]
    Indices = NDArray[np.intp]
    # The viseme shown, the number of the frame to come, and the viseme of the last target if that is pure.
    Before = tuple[int, int, int]

# The part of a target that the viseme shown has for certain.
_CERTAIN = 0.75
# How far a row goes towards its target: within a pure viseme; within others; at the edges of a pure viseme, twice.
_WAY = np.array([1.0, 0.25, 0.5, 0.5], np.float32)
_KEPT = 1 - _WAY
_ADDED_CERTAIN = _WAY * np.array([1.0, _CERTAIN, 1.0, _CERTAIN], np.float32)
_ADDED_BY_NETWORK = _WAY - _ADDED_CERTAIN
_EDGE = 2  # from there on the edges
_MIXED = -1  # stands for every viseme that is not pure
_FRAMES_AT_ONCE = 32  # what a matrix of frames by frames is made of
_UP_TO_NOW = np.tri(_FRAMES_AT_ONCE, dtype=np.float32)
_NOT_EARLIER = 1 - np.tri(_FRAMES_AT_ONCE, k=-1, dtype=np.float32)


class BlendTable:
    """What the blenders of all streams of one engine share.

    Args:
        labels: Of the posteriors, silence being ``SIL``.
        shapes: The viseme set.
        silence_db: Level in dB below which a frame is silence.

    Attributes:
        visemes: How many visemes the set has.
        columns: Names of the weights of a row: the blendshapes, or the visemes if the set has no poses.
    """

    __slots__ = ("_alone", "_matrix", "_poses", "_pure", "_silence_db", "columns", "visemes")

    def __init__(self, labels: Sequence[str], shapes: ShapeSet, silence_db: float) -> None:
        self.visemes = len(shapes.ids)
        self.columns: tuple[int | str, ...] = shapes.blendshapes or shapes.ids
        # In some sets lips that close are those at rest.
        closures = {shapes.index_of(phone) for phone in CLOSURES}
        self._pure = [viseme if viseme in closures else _MIXED for viseme in range(self.visemes)]
        self._alone = np.eye(self.visemes, dtype=np.float32)
        self._matrix = shapes.matrix(labels)
        self._poses = np.array(shapes.poses, np.float32) if shapes.poses else None
        self._silence_db = silence_db

    def kinds(
        self, befores: Sequence[Before], changes: Sequence[Sequence[Change]], levels: Floats
    ) -> tuple[Indices, Indices, list[int]]:
        """Return the target viseme of each frame of several streams, and the kind of transition to it.

        Args:
            befores: How each stream was before these frames.
            changes: What the decoder found for each stream, as (frame, viseme).
            levels: In dB, shape (streams, frames).

        Returns:
            The viseme of each frame's target and its index in `_WAY`, both of shape (streams, frames); and for each
            stream the viseme of its last target if that is pure, else `_MIXED`.
        """
        visemes, kinds = np.empty((2, *levels.shape), np.intp)
        visemes[:] = [[viseme] for viseme, _, _ in befores]
        kinds[:] = [[self._pure[viseme] == _MIXED] for viseme, _, _ in befores]
        silent = levels < self._silence_db if levels.min() < self._silence_db else None
        pure, lasts = self._pure, []
        for row, ((viseme, first, last), its_changes) in enumerate(zip(befores, changes, strict=True)):
            begun = 0
            if pure[viseme] != last:
                kinds[row, 0] += _EDGE
            for frame, following in its_changes:
                at = frame - first
                # The frame before turns to the next viseme already, unless it is the first of the one shown, or pure.
                if at - 1 > begun and pure[viseme] == _MIXED and (silent is None or not silent[row, at - 1]):
                    at -= 1
                visemes[row, at:], kinds[row, at:] = following, pure[following] == _MIXED
                if pure[following] != (pure[viseme] if at else last):
                    kinds[row, at] += _EDGE
                viseme, begun = following, at  # noqa: PLW2901 - the one that is shown now
            lasts.append(pure[viseme])
        if silent is not None:
            before = np.array([[last] for _, _, last in befores])
            codes = np.concatenate((before, np.array(pure).take(visemes)), axis=1)
            codes[:, 1:][silent] = SILENCE
            turned = silent[:, 1:] & (visemes[:, :-1] == SILENCE)
            codes[:, 1:-1][turned] = SILENCE
            kinds = (codes[:, 1:] == _MIXED) + _EDGE * (codes[:, 1:] != codes[:, :-1])
            lasts = codes[:, -1].tolist()
        return visemes, kinds, lasts

    def steps(self, posteriors: Floats, visemes: Indices, kinds: Indices) -> tuple[Floats, Floats]:
        """Return the terms that turn each row into the next: ``row = kept * before + added``.

        Args:
            posteriors: Of phonemes, shape (streams, frames, labels).
            visemes: As from `kinds`, shape (streams, frames).
            kinds: Likewise.

        Returns:
            ``kept``, shape (streams, frames), and ``added``, shape (streams, frames, visemes).
        """
        added = product(posteriors, self._matrix)
        added *= _ADDED_BY_NETWORK.take(kinds)[..., None]
        certain = self._alone.take(visemes, axis=0)
        certain *= _ADDED_CERTAIN.take(kinds)[..., None]
        added += certain
        return _KEPT.take(kinds), added

    def posed(self, rows: Floats) -> Floats:
        """Convert rows of visemes to rows of weights: mixed poses if the set has some, shape (..., columns)."""
        return rows if self._poses is None else product(rows, self._poses)


class Blender:
    """Weights of one stream.

    Args:
        table: Shared constants.
        factors: What to multiply each column with, shape (columns,); none to leave them.
        decoder: Decides the visemes that the weights agree with, if these are not those of the stream's events.

    Attributes:
        parts: Weights of the last call, a part for each of its blocks, shape (frames, columns) each.
    """

    __slots__ = ("_factors", "_last", "_pure", "decoder", "parts", "table")

    def __init__(self, table: BlendTable, factors: Floats | None, decoder: Decoder | None = None) -> None:
        self.table = table
        self.decoder = decoder
        self._factors = factors
        self.reset()

    def reset(self) -> None:
        """Start again with the mouth at rest."""
        self._last = np.zeros(self.table.visemes, np.float32)
        self._last[SILENCE] = 1.0
        self._pure = SILENCE
        if self.decoder is not None:
            self.decoder.reset()
        self.parts: list[Floats] = []

    @property
    def weights(self) -> Floats:
        """Weights of the last call, shape (frames, columns)."""
        if len(self.parts) == 1:
            return self.parts[0]
        return np.concatenate([np.zeros((0, len(self.table.columns)), np.float32), *self.parts])

    @staticmethod
    def blend_together(
        blenders: Sequence[Blender],
        posteriors: Floats,
        levels: Floats,
        before: Sequence[tuple[int, int]],
        changes: Sequence[Sequence[Change]],
    ) -> None:
        """Add the weights of the next frames of several streams to their `parts`.

        Args:
            blenders: Of one table.
            posteriors: Of phonemes, shape (streams, frames, labels), frames at least 1.
            levels: In dB, shape (streams, frames).
            before: For each stream the viseme shown before these frames, and the number of the first of them.
            changes: What the decoder found for each stream, as (frame, viseme).
        """
        table = blenders[0].table
        befores = [(*its, blender._pure) for its, blender in zip(before, blenders, strict=True)]
        visemes, kinds, lasts = table.kinds(befores, changes, levels)
        kept, added = table.steps(posteriors, visemes, kinds)
        rows = _rows(np.array([blender._last for blender in blenders]), kept, added)
        ends = zip(blenders, table.posed(rows), rows[:, -1].copy(), lasts, strict=True)
        for blender, weights, last, last_pure in ends:
            # A copy: a view would keep the weights of all the others as long as these are kept.
            blender.parts.append(weights.copy())
            if blender._factors is not None:
                np.minimum(weights * blender._factors, np.float32(1.0), out=blender.parts[-1])
            blender._last, blender._pure = last, last_pure


def _rows(last: Floats, kept: Floats, added: Floats) -> Floats:
    """Return rows, each of which is ``kept * before + added``, shape (streams, frames, visemes).

    Args:
        last: The rows before the first, shape (streams, visemes).
        kept: Shape (streams, frames).
        added: Shape (streams, frames, visemes); not the same afterwards.
    """
    parts = []
    for start in range(0, kept.shape[1], _FRAMES_AT_ONCE):
        some = kept[:, start : start + _FRAMES_AT_ONCE]
        its_added = added[:, start : start + _FRAMES_AT_ONCE]
        count = some.shape[1]
        its_added[:, 0] += last * some[:, :1]
        # How much of what each frame adds is left in each later one.
        left = np.maximum(some[..., None], _NOT_EARLIER[:count, :count])
        np.multiply.accumulate(left, axis=1, out=left)
        left *= _UP_TO_NOW[:count, :count]
        rows = np.matmul(left, its_added)
        last = rows[:, -1]
        parts.append(rows)
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
