"""The speed of the demo."""

from __future__ import annotations

from typing import Final

__all__ = ["SPEED"]

SPEED: Final = 8.0
"""The speed of the simulated agents, as a multiple of real time. Real agents also send audio faster than real time."""
