"""A calibration: how far a face's blendshapes are to move, against the poses that come with the package."""

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
    """What to multiply each column of the weights with; None for a calibration that changes nothing.

    Args:
        calibration: A factor by blendshape; a name without ``Left`` and ``Right`` stands for both sides.
        shapes: The set whose blendshapes they are.
        weights: Whether the stream has weights.

    Raises:
        CalibrationError: It cannot be used.
    """
    if not calibration:
        return None
    if not shapes.blendshapes:
        raise CalibrationError(
            f'the set {shapes.name!r} has no blendshapes; load the engine with shapes="arkit"'
        )
    if not weights:
        raise CalibrationError("there are no weights to calibrate; create the stream with weights=True")
    factors = np.ones(len(shapes.blendshapes), np.float32)
    for name, factor in calibration.items():
        columns = [
            column
            for column, blendshape in enumerate(shapes.blendshapes)
            if blendshape in (name, f"{name}Left", f"{name}Right")
        ]
        if not columns:
            raise CalibrationError(
                f"no blendshape is called {name!r}; available: {', '.join(shapes.blendshapes)}"
            )
        try:
            usable = 0 <= factor < math.inf
        except TypeError:
            usable = False
        if not usable:
            raise CalibrationError(f"{name}: expected a factor of 0 or more, got {factor!r}")
        factors[columns] *= factor
    return factors
