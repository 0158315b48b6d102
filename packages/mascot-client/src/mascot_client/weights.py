"""Blend weights: how much of each viseme or blendshape to show while audio is played."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from mascot_client.errors import ProtocolError

_FULL = 255
"""The byte that represents a weight of 1."""


@dataclass(frozen=True, slots=True)
class BlendWeights:
    """The blend weights of the audio of one message.

    Attributes:
        names: The names of the columns: visemes, or ARKit blendshapes. The server sends them only with the first
            weights of each turn; ``listen``, ``for_openai.VisemeReader``, the ElevenLabs conversations and ``Timeline``
            add them to the others. Empty if they are not known.
        fps: Rows per second.
        offset_ms: Time from the start of the audio to the first row, in milliseconds.
        frames: The rows, one after the other, one byte per column; 255 represents a weight of 1.
    """

    names: tuple[str, ...]
    fps: float
    offset_ms: float
    frames: bytes

    @classmethod
    def parse(cls, value: object) -> Self:
        """Validate the member ``weights`` of a payload and return it as an object.

        Args:
            value: The decoded JSON object. Unknown members are ignored.

        Raises:
            ProtocolError: The value is not an object, or a member is missing, has the wrong type or is out of range.
        """
        if not isinstance(value, Mapping):
            raise ProtocolError("weights", "must be a JSON object")
        return cls(
            names=_names(value.get("names", ())),
            fps=_number(value, "fps", above=0),
            offset_ms=_number(value, "offset"),
            frames=_bytes(value.get("frames")),
        )._checked()

    def named(self, names: tuple[str, ...]) -> Self:
        """Return the weights with the given names of their columns; weights with names are returned unchanged.

        Args:
            names: The names of the columns.

        Raises:
            ProtocolError: The number of names does not match the number of columns.
        """
        return self if self.names else replace(self, names=names)._checked()

    def __len__(self) -> int:
        """Return the number of rows; 0 if the names of the columns are not known."""
        return len(self.frames) // len(self.names) if self.names else 0

    def row(self, number: int) -> dict[str, float]:
        """Return one row.

        Args:
            number: The index of the row, 0 to ``len(weights) - 1``. Its time is ``offset_ms + 1000 * number / fps``
                milliseconds.

        Returns:
            The weight of each column by name, 0 to 1.

        Raises:
            IndexError: There is no such row.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"row: must be at least 0 and less than {len(self)}")
        width = len(self.names)
        row = self.frames[number * width : (number + 1) * width]
        return {name: byte / _FULL for name, byte in zip(self.names, row, strict=True)}

    def _checked(self) -> Self:
        if self.names and len(self.frames) % len(self.names):
            raise ProtocolError("weights.frames", f"must contain complete rows of {len(self.names)} columns")
        return self


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ProtocolError("weights.names", "must be a list")
    names = tuple(value)
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise ProtocolError("weights.names", "must be non-empty strings without duplicates")
    return names


def _number(value: Mapping[str, object], name: str, *, above: float = -1) -> float:
    found = value.get(name)
    if (
        not isinstance(found, int | float)
        or isinstance(found, bool)
        or not max(found, 0) < math.inf
        or found <= above
        or found < 0
    ):
        raise ProtocolError(
            f"weights.{name}", f"must be a finite number, {'above 0' if above == 0 else '0 or more'}"
        )
    return found


def _bytes(value: object) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise ProtocolError("weights.frames", "must be base64")
