"""Sets of shapes for the decoder: matrices that convert phoneme posteriors to viseme posteriors.

The network outputs phonemes. A set of shapes combines the phonemes that have the same mouth shape, as listed in
``tables``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mascot_visemes.errors import UnknownShapesError
from mascot_visemes.tables import ARKIT_POSES, BLENDSHAPES, OCULUS, RHUBARB, SAPI, VRM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


Shapes = Literal["sapi", "oculus", "rhubarb", "vrm", "arkit"]
"""Names of the sets of shapes."""


@dataclass(frozen=True, slots=True)
class ShapeSet:
    """One set of shapes.

    Attributes:
        name: The name for ``mascot_visemes.load``.
        ids: The visemes, as in the events. The first one is silence, with a closed mouth.
        phones: For each viseme, the labels of the network that belong to it.
        blendshapes: The names of the blendshape coefficients; empty if the set has no poses.
        poses: For each viseme, its blendshape coefficients (0..1); empty if the set has no poses.
    """

    name: str
    ids: tuple[int, ...] | tuple[str, ...]
    phones: tuple[tuple[str, ...], ...]
    blendshapes: tuple[str, ...] = ()
    poses: tuple[tuple[float, ...], ...] = ()

    def matrix(self, labels: Sequence[str]) -> NDArray[np.float32]:
        """Return the matrix from phoneme to viseme posteriors, shape (labels, visemes), of zeros and ones."""
        owner = {phone: i for i, phones in enumerate(self.phones) for phone in phones}
        result = np.zeros((len(labels), len(self.ids)), np.float32)
        for row, label in enumerate(labels):
            result[row, owner[label]] = 1.0
        return result

    def index_of(self, label: str) -> int:
        """Return the index of the viseme of the phoneme ``label``."""
        return next(i for i, phones in enumerate(self.phones) if label in phones)


def _phones(table: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phones.split()) for phones in table)


def _named(name: str, table: dict[str, str]) -> ShapeSet:
    return ShapeSet(name, tuple(table), _phones(tuple(table.values())))


SHAPES: dict[str, ShapeSet] = {
    "sapi": ShapeSet("sapi", tuple(range(len(SAPI))), _phones(SAPI)),
    "oculus": _named("oculus", OCULUS),
    "rhubarb": _named("rhubarb", RHUBARB),
    "vrm": _named("vrm", VRM),
    "arkit": ShapeSet(
        "arkit",
        tuple(OCULUS),
        _phones(tuple(OCULUS.values())),
        BLENDSHAPES,
        tuple(tuple(ARKIT_POSES[viseme].values()) for viseme in OCULUS),
    ),
}


def shape_set(name: str) -> ShapeSet:
    """Return the set of shapes with this name.

    Raises:
        UnknownShapesError: There is no such set of shapes.
    """
    try:
        return SHAPES[name]
    except (KeyError, TypeError):
        raise UnknownShapesError(name, tuple(SHAPES)) from None
