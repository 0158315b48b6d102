"""When the next batch runs, and how many streams it has: decided from the times of earlier batches.

A batch holds up the event loop, so all sockets wait for it. Short batches keep that wait short; large batches cost less
per stream. So a batch has as many streams as fit in a few milliseconds at the measured cost, and after it the loop is
left to others for some times as long, unless a whole batch waits.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BATCH_SECONDS", "Pace"]

BATCH_SECONDS: Final = 0.008
"""Longest time that a batch should take."""

_LEAST_STREAMS: Final = 4
"""Streams that share a batch however long it takes: with fewer, each costs more."""

_SMOOTHING: Final = 0.2
"""Weight of a batch in the measured time of a stream."""

_SHARE: Final = 4
"""Batches take one part in so many of the event loop's time, while they are not full."""


class Pace:
    """Size and time of the next batch.

    Args:
        most_streams: Streams that share a batch at most.
        spacing: Least and most seconds from the start of a batch to the next one's, unless a whole batch waits. With
            little to do nothing waits for it; with much to do it is what makes batches.

    Attributes:
        streams: How many streams the next batch may have.
        not_before: Time of the next batch, unless a whole batch waits.
    """

    def __init__(self, *, most_streams: int, spacing: tuple[float, float]) -> None:
        self.streams = self._most_streams = most_streams
        self.not_before = 0.0
        self._spacing = spacing
        self._stream_seconds = 0.0

    def ran(self, began: float, ended: float, streams: int) -> None:
        """Note how long a batch took.

        Args:
            began: When it began.
            ended: When it ended.
            streams: How many streams it had, at least 1.
        """
        took = ended - began
        self._stream_seconds += _SMOOTHING * (took / streams - self._stream_seconds)
        affordable = int(BATCH_SECONDS / self._stream_seconds) if self._stream_seconds else self._most_streams
        self.streams = min(max(affordable, _LEAST_STREAMS), self._most_streams)
        least, most = self._spacing
        self.not_before = began + min(max(least, _SHARE * took), most)
