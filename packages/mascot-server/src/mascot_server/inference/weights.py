"""Blend weights as they are sent: a byte for each column of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pybase64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["WeightRows", "rows_begun"]

_ROW_MS: Final = 10
"""Duration of a row, as mascot_visemes has it."""
_SECOND_MS: Final = 1000
_FULL: Final = 255
"""What stands for 1."""
_AT_REST: Final = "sil"
"""Column that has all of the weight at rest. Blendshapes have none: they are all 0."""


def rows_begun(samples: int, rate: int) -> int:
    """Return how many rows begin in the first samples of a stream."""
    return -(-samples * _SECOND_MS // (_ROW_MS * rate))


@dataclass(frozen=True, slots=True)
class WeightRows:
    """Blend weights of audio, a row for each 10 ms that begins in it.

    Attributes:
        columns: What the columns stand for.
        start_ms: Milliseconds to the first row.
        data: The rows, one after the other, a byte for each column; 255 stands for 1.
    """

    columns: tuple[str, ...]
    start_ms: int
    data: bytes

    @classmethod
    def of(cls, columns: tuple[str, ...], first: int, weights: NDArray[np.float32]) -> WeightRows:
        """Make rows out of weights.

        Args:
            columns: What the columns stand for.
            first: Number of the first row, from the start of the stream.
            weights: 0 to 1, shape (rows, columns).
        """
        return cls(columns, first * _ROW_MS, np.rint(weights * _FULL).astype(np.uint8).tobytes())

    @classmethod
    def at_rest(cls, columns: tuple[str, ...], first: int, count: int) -> WeightRows:
        """Make `count` rows of a mouth at rest; the other arguments are those of `of`."""
        row = bytes(_FULL * (column == _AT_REST) for column in columns)
        return cls(columns, first * _ROW_MS, row * count)

    def moved(self, by_ms: int) -> WeightRows:
        """Return the same rows, counted from elsewhere."""
        return replace(self, start_ms=self.start_ms + by_ms)

    def split(self, end_ms: int, start_ms: int) -> tuple[WeightRows, WeightRows]:
        """Return the rows that begin before `end_ms`, and the others, counted from `start_ms`."""
        rows = max(0, -((self.start_ms - end_ms) // _ROW_MS))
        size = rows * len(self.columns)
        rest = self.start_ms + rows * _ROW_MS - start_ms
        return replace(self, data=self.data[:size]), WeightRows(self.columns, rest, self.data[size:])

    @staticmethod
    def joined(parts: Sequence[WeightRows]) -> WeightRows:
        """Return rows that come right behind each other as one; there must be some."""
        return replace(parts[0], data=b"".join([part.data for part in parts]))

    def as_json(self, *, named: bool) -> dict[str, object]:
        """Return the JSON object.

        Args:
            named: Whether it says what the columns stand for.
        """
        return {
            "fps": _SECOND_MS // _ROW_MS,
            "offset": self.start_ms,
            **({"names": self.columns} if named else {}),
            "frames": pybase64.b64encode(self.data).decode(),
        }
