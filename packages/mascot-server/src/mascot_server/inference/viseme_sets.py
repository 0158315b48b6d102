"""The viseme sets that can be asked for: that of the visemes, and that of the blend weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "DEFAULT_SETS",
    "VISEME_SHAPES",
    "VISEME_WEIGHTS",
    "UnknownSetError",
    "VisemeSets",
    "VisemeShapes",
    "VisemeWeights",
]

VisemeShapes = Literal["sapi", "oculus", "vrm", "rhubarb"]
VISEME_SHAPES: Final[tuple[VisemeShapes, ...]] = get_args(VisemeShapes)

VisemeWeights = Literal["oculus", "vrm", "arkit"]
VISEME_WEIGHTS: Final[tuple[VisemeWeights, ...]] = get_args(VisemeWeights)

_SILENCE: Final[dict[VisemeShapes, int | str]] = {"sapi": 0, "oculus": "sil", "vrm": "sil", "rhubarb": "X"}


class UnknownSetError(ValueError):
    """A set was asked for that there is not.

    Attributes:
        field: Member of the request.
        problem: What it must be.
    """

    def __init__(self, field: str, sets: Sequence[str]) -> None:
        self.field = field
        self.problem = f"must be one of {', '.join(sets)}"
        super().__init__(f"{field}: {self.problem}")


@dataclass(frozen=True, slots=True)
class VisemeSets:
    """What is predicted for a conversation or a request.

    Attributes:
        shapes: Set of the visemes.
        weights: Set of the blend weights; ``None`` for no weights.
    """

    shapes: VisemeShapes = "sapi"
    weights: VisemeWeights | None = None

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> VisemeSets:
        """Read what the members `viseme_shapes` and `viseme_weights` of a request ask for.

        Args:
            fields: The request. Members may be missing or `None`.

        Raises:
            UnknownSetError: One of them names no set.
        """
        found: list[Any] = []
        for name, sets in (("viseme_shapes", VISEME_SHAPES), ("viseme_weights", VISEME_WEIGHTS)):
            value = fields.get(name)
            if value is not None and value not in sets:
                raise UnknownSetError(name, sets)
            found.append(value)
        shapes, weights = found
        return cls(shapes or DEFAULT_SETS.shapes, weights)

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
