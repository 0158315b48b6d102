"""Time and size of the next batch, decided from the times of earlier batches.

A batch blocks the event loop, so all sockets wait for it. Short batches keep that wait short; large batches cost less
per stream. So a batch has as much audio as can be processed in a few milliseconds at the measured cost. After it, the
loop is free for several times as long, unless a full batch is already queued.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BATCH_SECONDS", "Pace"]

BATCH_SECONDS: Final = 0.008
"""Longest time that a batch should take."""

_LEAST_SECONDS: Final = 0.4
"""Least audio of a batch in seconds, however long it takes: with less, each second of audio costs more."""

_SMOOTHING: Final = 0.2
"""Weight of a batch in the measured cost of a second of audio."""

_SHARE: Final = 4
"""Batches that are not full use at most one part in this many of the event loop's time."""


class Pace:
    """Decides the size and the time of the next batch.

    Args:
        most_streams: Largest batch size: streams processed in one inference call.
        most_seconds: Most audio in a batch, in total over its streams.
        spacing: Least and most seconds between the starts of two batches, unless a full batch is queued. At a low load
            no audio waits because of it; at a high load it makes the batches large.

    Attributes:
        most_streams: As given.
        seconds: How much audio the next batch may have.
        not_before: Earliest time of the next batch, unless a full batch is queued.
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
