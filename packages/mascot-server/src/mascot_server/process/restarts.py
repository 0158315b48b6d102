"""When a worker that ended is started again. No clock and no processes; `workers` has both."""

from __future__ import annotations

from typing import Final

__all__ = ["FIRST_SECONDS", "Restarts"]

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 60.0
STEADY_SECONDS: Final = 60.0
"""A worker that ran for so long was not broken from the start: its next restart is as quick as the first."""


class Restarts:
    """Says how long to wait before one worker is started again: a second, and twice as long each time it fails soon."""

    def __init__(self) -> None:
        self._failures = 0

    def delay(self, ran: float) -> float:
        """Return the seconds to wait.

        Args:
            ran: Seconds that the worker ran before it ended.
        """
        if ran >= STEADY_SECONDS:
            self._failures = 0
        delay = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**self._failures)
        # Bounded, so that the power of two stays one.
        self._failures = min(self._failures + 1, 16)
        return delay
