"""The viseme sets that can be asked for: that of the visemes, and that of the blend weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["DEFAULT_SETS", "VISEME_SHAPES", "VISEME_WEIGHTS", "VisemeSets", "VisemeShapes", "VisemeWeights"]

VisemeShapes = Literal["sapi", "oculus", "vrm", "rhubarb"]
VISEME_SHAPES: Final[tuple[VisemeShapes, ...]] = get_args(VisemeShapes)

VisemeWeights = Literal["oculus", "vrm", "arkit"]
VISEME_WEIGHTS: Final[tuple[VisemeWeights, ...]] = get_args(VisemeWeights)

_SILENCE: Final[dict[VisemeShapes, int | str]] = {"sapi": 0, "oculus": "sil", "vrm": "sil", "rhubarb": "X"}


@dataclass(frozen=True, slots=True)
class VisemeSets:
    """What is predicted for a conversation or a request.

    Attributes:
        shapes: Set of the visemes.
        weights: Set of the blend weights; ``None`` for no weights.
    """

    shapes: VisemeShapes = "sapi"
    weights: VisemeWeights | None = None

    @property
    def silence(self) -> int | str:
        """The viseme of a closed mouth at rest."""
        return _SILENCE[self.shapes]

    @property
    def event_member(self) -> str:
        """Name of the member of an event that holds its viseme."""
        return "visemeId" if self.shapes == "sapi" else "viseme"


DEFAULT_SETS: Final = VisemeSets()
"""What is predicted where nothing else is asked for: SAPI ids without weights."""
