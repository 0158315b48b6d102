"""What a stream reports: the mouth changes shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

if TYPE_CHECKING:
    # Every type checker has these stubs; nothing needs the module when the program runs.
    from typing_extensions import TypeVar

    V_co = TypeVar("V_co", bound=int | str, default=int | str, covariant=True)
else:
    from typing import TypeVar

    V_co = TypeVar("V_co", bound=int | str, covariant=True)


@dataclass(frozen=True, slots=True)
class VisemeEvent(Generic[V_co]):
    """The mouth changes shape.

    Attributes:
        time_ms: When, in ms from the start of the stream.
        viseme: The new shape, in the ids of the engine's viseme set: an int (0..21) with ``sapi``, else a str.
    """

    time_ms: int
    viseme: V_co
