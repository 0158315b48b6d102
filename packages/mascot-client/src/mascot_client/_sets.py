"""The sets of shapes, and for each set the shapes of a closed and of a more or less open mouth."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_client.visemes import VisemeId

VisemeShapes = Literal["sapi", "oculus", "vrm", "rhubarb"]
"""Sets of shapes of the events."""

VisemeWeights = Literal["oculus", "vrm", "arkit"]
"""Sets of shapes of the blend weights."""


class Openings(NamedTuple):
    """Shapes of one set, by how far the mouth is open."""

    closed: VisemeId
    little: VisemeId
    more: VisemeId
    wide: VisemeId


OPENINGS: Mapping[str, Openings] = MappingProxyType(
    {
        "sapi": Openings(0, 4, 1, 2),
        "oculus": Openings("sil", "ih", "E", "aa"),
        "vrm": Openings("sil", "ih", "ee", "aa"),
        "rhubarb": Openings("X", "B", "C", "D"),
    }
)
"""The openings of each set of shapes, by name."""
