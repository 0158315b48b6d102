"""The viseme sets that a client can request: one for the visemes and one for the blend weights."""

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
    """The requested viseme set does not exist.

    Attributes:
        field: Field of the request.
        problem: Which values are allowed.
    """

    def __init__(self, field: str, sets: Sequence[str]) -> None:
        self.field = field
        self.problem = f"must be one of {', '.join(sets)}"
        super().__init__(f"{field}: {self.problem}")


@dataclass(frozen=True, slots=True)
class VisemeSets:
    """The viseme sets of a conversation or a request.

    Attributes:
        shapes: Set of the visemes.
        weights: Set of the blend weights; ``None`` for no weights.
    """

    shapes: VisemeShapes = "sapi"
    weights: VisemeWeights | None = None

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> VisemeSets:
        """Parse the fields `viseme_shapes` and `viseme_weights` of a request.

        Args:
            fields: The request. Fields may be missing or `None`.

        Raises:
            UnknownSetError: One of them does not name a set.
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
        """Name of the field of an event that holds its viseme."""
        return "visemeId" if self.shapes == "sapi" else "viseme"


DEFAULT_SETS: Final = VisemeSets()
"""The default of requests that do not choose sets: SAPI ids without weights."""
