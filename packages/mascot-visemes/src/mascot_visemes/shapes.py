"""Viseme sets: which mouth shape belongs to which phoneme, as data.

The network tells phonemes apart; a viseme set adds phonemes that look alike. HH looks like the phone that follows
it in the Oculus set (and is a shape of its own in SAPI's), so the network has one HH for each shape that can
follow: ``HH_aa`` is the h of "hat".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.errors import UnknownShapesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Oculus/OpenXR visemes and their ARPAbet phones; AX is the schwa.
_OCULUS: dict[str, str] = {
    "sil": "SIL",
    "PP": "P B M",
    "FF": "F V",
    "TH": "TH DH",
    "DD": "T D",
    "kk": "K G",
    "CH": "CH JH SH ZH",
    "SS": "S Z",
    "nn": "N L NG",
    "RR": "R ER HH_RR",
    "aa": "AA AE AH AY AW HH_aa",
    "E": "EH EY AX HH_E",
    "ih": "IH IY Y HH_ih",
    "oh": "AO OW OY HH_oh",
    "ou": "UH UW W HH_ou",
}

# Microsoft's SAPI viseme ids, the index being the id.
_SAPI: tuple[str, ...] = (
    "SIL",
    "AE AX AH",
    "AA",
    "AO",
    "EY EH UH",
    "ER",
    "Y IY IH",
    "W UW",
    "OW",
    "AW",
    "OY",
    "AY",
    "HH_aa HH_E HH_ih HH_oh HH_ou HH_RR",
    "R",
    "L",
    "S Z",
    "SH CH JH ZH",
    "TH DH",
    "F V",
    "D T N",
    "K G NG",
    "P B M",
)


@dataclass(frozen=True, slots=True)
class ShapeSet:
    """One set of visemes.

    Attributes:
        name: What `mascot_visemes.load` calls it.
        ids: The visemes as events carry them; the first is silence, a closed mouth at rest.
        phones: For each viseme, the network's labels that it sums.
    """

    name: str
    ids: tuple[int, ...] | tuple[str, ...]
    phones: tuple[tuple[str, ...], ...]

    def matrix(self, labels: Sequence[str]) -> NDArray[np.float32]:
        """Matrix that turns phoneme posteriors into viseme posteriors, shape (labels, visemes), zeros and ones."""
        owner = {phone: i for i, phones in enumerate(self.phones) for phone in phones}
        result = np.zeros((len(labels), len(self.ids)), np.float32)
        for row, label in enumerate(labels):
            result[row, owner[label]] = 1.0
        return result

    def index_of(self, label: str) -> int:
        """Position of the viseme to which the phoneme `label` belongs."""
        return next(i for i, phones in enumerate(self.phones) if label in phones)


SHAPES: dict[str, ShapeSet] = {
    "sapi": ShapeSet("sapi", tuple(range(len(_SAPI))), tuple(tuple(p.split()) for p in _SAPI)),
    "oculus": ShapeSet("oculus", tuple(_OCULUS), tuple(tuple(p.split()) for p in _OCULUS.values())),
}

# What a network of ours tells apart, in the order of its outputs.
LABELS: tuple[str, ...] = ("SIL", *sorted(" ".join(_OCULUS.values()).replace("SIL ", "").split()))


def shape_set(name: str) -> ShapeSet:
    """The viseme set called `name`.

    Raises:
        UnknownShapesError: There is no such set.
    """
    try:
        return SHAPES[name]
    except (KeyError, TypeError):
        raise UnknownShapesError(name, tuple(SHAPES)) from None
