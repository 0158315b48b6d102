"""When the next batch runs, and how much audio it has: decided from the times of earlier batches.

A batch holds up the event loop, so all sockets wait for it. Short batches keep that wait short; large batches cost less
per stream. So a batch has as much audio as fits in a few milliseconds at the measured cost, and after it the loop is
left to others for some times as long, unless a whole batch waits.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BATCH_SECONDS", "Pace"]

BATCH_SECONDS: Final = 0.008
"""Longest time that a batch should take."""

_LEAST_SECONDS: Final = 0.4
"""Audio of a batch however long it takes: with less, each second costs more."""

_SMOOTHING: Final = 0.2
"""Weight of a batch in the measured cost of a second of audio."""

_SHARE: Final = 4
"""Batches take one part in so many of the event loop's time, while they are not full."""


class Pace:
    """Size and time of the next batch.

    Args:
        most_streams: Streams that share a batch at most.
        most_seconds: Audio of a batch at most, of all its streams together.
        spacing: Least and most seconds from the start of a batch to the next one's, unless a whole batch waits. With
            little to do nothing waits for it; with much to do it is what makes batches.

    Attributes:
        most_streams: As given.
        seconds: How much audio the next batch may have.
        not_before: Time of the next batch, unless a whole batch waits.
    """

    def __init__(self, *, most_streams: int, most_seconds: float, spacing: tuple[float, float]) -> None:
        self.most_streams = most_streams
        self.seconds = self._most_seconds = most_seconds
        self.not_before = 0.0
        self._spacing = spacing
        self._cost = 0.0

    def ran(self, began: float, ended: float, seconds: float) -> None:
        """Note how long a batch took.

        Args:
            began: When it began.
            ended: When it ended.
            seconds: How much audio it had.
        """
        took = ended - began
        if seconds > 0:
            self._cost += _SMOOTHING * (took / seconds - self._cost)
        affordable = BATCH_SECONDS / self._cost if self._cost else self._most_seconds
        self.seconds = min(max(affordable, _LEAST_SECONDS), self._most_seconds)
        least, most = self._spacing
        self.not_before = began + min(max(least, _SHARE * took), most)
