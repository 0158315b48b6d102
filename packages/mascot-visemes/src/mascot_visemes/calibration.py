"""Calibration of blendshapes: factors for a face, relative to the poses of this package."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.errors import CalibrationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mascot_visemes.shapes import ShapeSet


def column_factors(
    calibration: Mapping[str, float] | None, shapes: ShapeSet, *, weights: bool
) -> NDArray[np.float32] | None:
    """Return the factor of each column of the weights; ``None`` if there is no calibration.

    Args:
        calibration: The factor of each blendshape by name. A name without ``Left`` or ``Right`` sets both sides.
        shapes: The set of shapes with the blendshapes.
        weights: Whether the stream has weights.

    Returns:
        The factors, shape (blendshapes,), or ``None``.

    Raises:
        CalibrationError: The set of shapes has no blendshapes, the stream has no weights, a name is unknown, or a
            factor is not a number of 0 or more.
    """
    if not calibration:
        return None
    if not shapes.blendshapes:
        raise CalibrationError(
            f'the set of shapes {shapes.name!r} has no blendshapes; load the engine with shapes="arkit"'
        )
    if not weights:
        raise CalibrationError("the stream has no weights; create it with weights=True")
    factors = np.ones(len(shapes.blendshapes), np.float32)
    for name, factor in calibration.items():
        columns = [
            column
            for column, blendshape in enumerate(shapes.blendshapes)
            if blendshape in (name, f"{name}Left", f"{name}Right")
        ]
        if not columns:
            raise CalibrationError(
                f"there is no blendshape {name!r}; available: {', '.join(shapes.blendshapes)}"
            )
        try:
            usable = 0 <= factor < math.inf
        except TypeError:
            usable = False
        if not usable:
            raise CalibrationError(f"{name}: expected a factor of 0 or more, got {factor!r}")
        factors[columns] *= factor
    return factors
