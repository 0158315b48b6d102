"""The names of the columns of blend weights, which only the first payload of each turn contains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mascot_client.errors import ProtocolError

if TYPE_CHECKING:
    from mascot_client.visemes import Visemes


class ColumnNames:
    """Remember the names of one connection, and add them to payloads without names."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()

    def __call__(self, payload: Visemes) -> Visemes:
        """Return the payload with named weights; without weights if the names do not match them."""
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
