"""The events of a stream: each one is the start of a viseme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

if TYPE_CHECKING:
    # Only type checkers need this module, and every type checker has its stubs.
    from typing_extensions import TypeVar

    V_co = TypeVar("V_co", bound=int | str, default=int | str, covariant=True)
else:
    from typing import TypeVar

    V_co = TypeVar("V_co", bound=int | str, covariant=True)


@dataclass(frozen=True, slots=True)
class VisemeEvent(Generic[V_co]):
    """The start of a viseme.

    Attributes:
        time_ms: The time in milliseconds from the start of the stream.
        viseme: The viseme, in the engine's set of shapes: an int (0..21) for ``sapi``, otherwise a str.
    """

    time_ms: int
    viseme: V_co
