"""How fast the demo is."""

from __future__ import annotations

from typing import Final

__all__ = ["SPEED"]

SPEED: Final = 8.0
"""How many times faster than real time the simulated agents speak and are listened to, as the real ones do send."""
