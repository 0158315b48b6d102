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
    # The viseme shown, and that of the last target if that is pure.
    Shown = tuple[int, int]

# The part of a target that the viseme shown has for certain.
_CERTAIN = 0.75
# How far a row goes towards its target, by the kind of its frame: within a pure viseme; within others; at the edges of
# a pure viseme, twice.
_WAY = np.array([1.0, 0.25, 0.5, 0.5], np.float32)
_ADDED_CERTAIN = _WAY * np.array([1.0, _CERTAIN, 1.0, _CERTAIN], np.float32)
_ADDED_BY_NETWORK = _WAY - _ADDED_CERTAIN
_EDGE = 2  # from there on the edges
_MIXED = -1  # stands for every viseme that is not pure


class BlendTable:
    """What the blenders of all streams of one engine share.

    The *code* of a frame is a byte that stands for its kind (an index in `_WAY`) and the viseme of its target: ``kind *
    visemes + viseme``. The codes of a chunk are few, so that bytes are quicker than arrays.

    Args:
        shapes: The viseme set.
        factors: What the posterior of each viseme was multiplied with for its share, shape (visemes,).
        silence_db: Level in dB below which a frame is silence.

    Attributes:
        visemes: How many visemes the set has.
        columns: Names of the weights of a row: the blendshapes, or the visemes if the set has no poses.
        silence_db: The level.
    """

    __slots__ = (
        "_added",
        "_certain",
        "_edges",
        "_kept",
        "_poses",
        "_pure",
        "_within",
        "columns",
        "silence_db",
        "visemes",
    )

    def __init__(self, shapes: ShapeSet, factors: Floats, silence_db: float) -> None:
        self.visemes = count = len(shapes.ids)
        self.columns: tuple[int | str, ...] = shapes.blendshapes or shapes.ids
        self.silence_db = silence_db
        # In some sets lips that close are those at rest.
        closures = {shapes.index_of(phone) for phone in CLOSURES}
        self._pure = [viseme if viseme in closures else _MIXED for viseme in range(count)]
        # The code of each viseme, as bytes of length 1: within it, and at its edge if it or what was before is pure.
        codes = [(pure == _MIXED) * count + viseme for viseme, pure in enumerate(self._pure)]
        self._within = [bytes([code]) for code in codes]
        self._edges = [bytes([_EDGE * count + code]) for code in codes]
        # By code.
        self._kept = np.repeat(1 - _WAY, count * count).reshape(-1, count)
        self._added = np.repeat(_ADDED_BY_NETWORK[:, None] / factors, count, axis=0)
        self._certain = np.kron(_ADDED_CERTAIN[:, None], np.eye(count, dtype=np.float32))
        self._poses = np.array(shapes.poses, np.float32) if shapes.poses else None

    def codes(
        self, shown: Shown, changes: Sequence[Change], first: int, count: int, silent: list[bool] | None
    ) -> tuple[bytearray, Shown]:
        """Return the codes of the next frames of a stream, and what it shows after them.

        Args:
            shown: What it shows before them.
            changes: What the decoder found, as (frame, viseme).
            first: Number of the first of these frames.
            count: How many there are, at least 1.
            silent: Which of them are silence; None if none is.
        """
        pure, within = self._pure, self._within
        viseme, last = shown
        codes = bytearray(within[viseme] * count)
        if pure[viseme] != last:
            codes[:1] = self._edges[viseme]
        begun = 0
        for frame, following in changes:
            at = frame - first
            # The frame before turns to the next viseme already, unless it is the first of the one shown, or pure.
            if at - 1 > begun and pure[viseme] == _MIXED and not (silent and silent[at - 1]):
                at -= 1
            codes[at:] = within[following] * (count - at)
            if pure[following] != (pure[viseme] if at else last):
                codes[at : at + 1] = self._edges[following]
            viseme, begun = following, at
        if silent is None:
            return codes, (viseme, pure[viseme])
        self._silence(codes, silent, last)
        return codes, (viseme, SILENCE if silent[-1] else pure[viseme])

    def _silence(self, codes: bytearray, silent: list[bool], last: int) -> None:
        """Make silence a pure viseme, also in a frame before it that turns to it already."""
        visemes = [code % self.visemes for code in codes]
        for at, (viseme, now, soon) in enumerate(zip(visemes, silent, [*silent[1:], False], strict=True)):
            pure = SILENCE if now or (soon and viseme == SILENCE) else self._pure[viseme]
            codes[at] = ((pure != last) * _EDGE + (pure == _MIXED)) * self.visemes + viseme
            last = pure

    def rows(self, codes: bytes, shares: Floats, last: Floats) -> Floats:
        """Return the weights of visemes in the next frames of several streams, shape (frames, streams, visemes).

        Args:
            codes: Of all their frames, one stream after the other.
            shares: Of visemes, as from the decoder, shape (streams, frames, visemes).
            last: The rows before the first, shape (streams, visemes).
        """
        shares = shares.transpose(1, 0, 2)
        numbers = np.frombuffer(codes, np.uint8).reshape(len(last), -1).T.astype(np.intp)
        rows = self._added.take(numbers, axis=0)
        rows *= shares
        rows += self._certain.take(numbers, axis=0)
        for kept, row in zip(self._kept.take(numbers, axis=0), rows, strict=True):
            np.multiply(kept, last, out=kept)
            last = np.add(row, kept, out=row)
        return rows

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

    __slots__ = ("_factors", "_last", "_shown", "decoder", "parts", "table")

    def __init__(self, table: BlendTable, factors: Floats | None, decoder: Decoder | None = None) -> None:
        self.table = table
        self.decoder = decoder
        self._factors = factors
        self.reset()

    def reset(self) -> None:
        """Start again with the mouth at rest."""
        self._last = np.zeros(self.table.visemes, np.float32)
        self._last[SILENCE] = 1.0
        self._shown: Shown = SILENCE, SILENCE
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
        decoders: Sequence[Decoder],
        shares: Floats,
        levels: Floats,
        changes: Sequence[Sequence[Change]],
    ) -> None:
        """Add the weights of the next frames of several streams to their `parts`.

        Args:
            blenders: Of one table.
            decoders: Those that decided these frames, one for each stream.
            shares: Of visemes, as from the decoders' table, shape (streams, frames, visemes), frames at least 1.
            levels: In dB, shape (streams, frames).
            changes: What each decoder found, as (frame, viseme).
        """
        table = blenders[0].table
        count = levels.shape[1]
        silent = (levels < table.silence_db).tolist() if levels.min() < table.silence_db else None
        codes = []
        for row, blender in enumerate(blenders):
            its_silent = silent[row] if silent and True in silent[row] else None
            its_codes, blender._shown = table.codes(
                blender._shown, changes[row], decoders[row].frame - count, count, its_silent
            )
            codes.append(its_codes)
        last = np.concatenate([blender._last for blender in blenders]).reshape(-1, table.visemes)
        rows = table.rows(b"".join(codes), shares, last)
        ends = rows[-1].copy()
        for blender, weights, end in zip(blenders, table.posed(rows.transpose(1, 0, 2)), ends, strict=True):
            # A copy: a view would keep the weights of all the others as long as these are kept.
            blender.parts.append(weights.copy())
            if blender._factors is not None:
                np.minimum(weights * blender._factors, np.float32(1.0), out=blender.parts[-1])
            blender._last = end
