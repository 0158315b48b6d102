"""Blend weights in the format that is sent: one byte for each column of each row."""

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
"""Duration of a row, as in mascot_visemes."""
_SECOND_MS: Final = 1000
_FULL: Final = 255
"""The byte that represents a weight of 1."""
_AT_REST: Final = "sil"
"""Column whose weight is 1 at rest. Blendshapes have no such column: all of them are 0 at rest."""


def rows_begun(samples: int, rate: int) -> int:
    """Return how many rows begin in the first samples of a stream."""
    return -(-samples * _SECOND_MS // (_ROW_MS * rate))


@dataclass(frozen=True, slots=True)
class WeightRows:
    """Blend weights of audio, one row for each 10 ms step that begins in it.

    Attributes:
        columns: The visemes or blendshapes of the columns.
        start_ms: Time of the first row, in milliseconds.
        data: The rows, one after the other, with a byte for each column; 255 represents 1.
    """

    columns: tuple[str, ...]
    start_ms: int
    data: bytes

    @classmethod
    def of(cls, columns: tuple[str, ...], first: int, weights: NDArray[np.float32]) -> WeightRows:
        """Create rows from weights.

        Args:
            columns: The visemes or blendshapes of the columns.
            first: Index of the first row, from the start of the stream.
            weights: 0 to 1, shape (rows, columns).
        """
        return cls(columns, first * _ROW_MS, np.rint(weights * _FULL).astype(np.uint8).tobytes())

    @classmethod
    def at_rest(cls, columns: tuple[str, ...], first: int, count: int) -> WeightRows:
        """Create `count` rows of a mouth at rest. The other arguments are those of `of`."""
        row = bytes(_FULL * (column == _AT_REST) for column in columns)
        return cls(columns, first * _ROW_MS, row * count)

    def moved(self, by_ms: int) -> WeightRows:
        """Return the same rows with their times shifted by `by_ms`."""
        return replace(self, start_ms=self.start_ms + by_ms)

    def split(self, end_ms: int, start_ms: int) -> tuple[WeightRows, WeightRows]:
        """Return the rows that begin before `end_ms`, and the others with times relative to `start_ms`."""
        rows = max(0, -((self.start_ms - end_ms) // _ROW_MS))
        size = rows * len(self.columns)
        rest = self.start_ms + rows * _ROW_MS - start_ms
        return replace(self, data=self.data[:size]), WeightRows(self.columns, rest, self.data[size:])

    @staticmethod
    def joined(parts: Sequence[WeightRows]) -> WeightRows:
        """Join consecutive rows. At least one part is required."""
        return replace(parts[0], data=b"".join([part.data for part in parts]))

    def as_json(self, *, named: bool) -> dict[str, object]:
        """Return the JSON object.

        Args:
            named: Whether to include the names of the columns.
        """
        return {
            "fps": _SECOND_MS // _ROW_MS,
            "offset": self.start_ms,
            **({"names": self.columns} if named else {}),
            "frames": pybase64.b64encode(self.data).decode(),
        }
