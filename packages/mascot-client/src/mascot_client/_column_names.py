"""Names for the columns of blend weights, which only the first payload of each turn has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mascot_client.errors import ProtocolError

if TYPE_CHECKING:
    from mascot_client.visemes import Visemes


class ColumnNames:
    """Remembers the names of one connection, and gives them to the payloads without."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()

    def __call__(self, payload: Visemes) -> Visemes:
        """Return the payload with named weights; without weights if they do not fit the names."""
        weights = payload.weights
        if weights is None:
            return payload
        if weights.names:
            self.names = weights.names
            return payload
        if not self.names:
            return payload
        try:
            return replace(payload, weights=weights.named(self.names))
        except ProtocolError:
            return replace(payload, weights=None)
