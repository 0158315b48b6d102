"""Restart delays of workers that ended. No clock, no processes: the supervisor has both."""

from __future__ import annotations

from typing import Final

__all__ = ["FIRST_SECONDS", "Restarts"]

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 60.0
STEADY_SECONDS: Final = 60.0
"""After a worker ran for this long, its next restart has the shortest delay again."""


class Restarts:
    """Computes the restart delay of one worker: one second, doubled each time the worker fails soon after its start."""

    def __init__(self) -> None:
        self._failures = 0

    def delay(self, ran: float) -> float:
        """Return the seconds to wait before the restart.

        Args:
            ran: Seconds that the worker ran before it ended.
        """
        if ran >= STEADY_SECONDS:
            self._failures = 0
        delay = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**self._failures)
        # The exponent is bounded, because a very large power of two cannot be a float.
        self._failures = min(self._failures + 1, 16)
        return delay
