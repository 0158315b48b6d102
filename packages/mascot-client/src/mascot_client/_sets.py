"""What the viseme sets have in common: a closed mouth, and mouths that are open by a little, more and wide."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_client.visemes import VisemeId

VisemeShapes = Literal["sapi", "oculus", "vrm", "rhubarb"]
"""Viseme sets of events."""

VisemeWeights = Literal["oculus", "vrm", "arkit"]
"""Sets that blend weights are of."""


class Openings(NamedTuple):
    """Shapes of one set by how far the mouth is open."""

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
"""By the name of the set."""
