"""Scheduling of Python's garbage collection in this process.

A conversation that ended leaves about two hundred objects in reference cycles, which only a full collection frees. A
full collection visits every object of every conversation: 50 ms with 400 conversations, in which nothing is relayed.
Python would run it during a burst of new conversations, because many objects are created then, although there is
nothing to free. Here it runs when there is something to free. An HTTP request leaves a few such objects too, so a
server that only answers requests needs collections as well.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GarbageCollection"]

_MANY: Final = 200
"""Ended conversations that trigger a collection, about 25 MB; fewer if fewer conversations are running."""

_MANY_REQUESTS: Final = 1000
"""Answered HTTP requests that trigger a collection."""

_LONGEST_SECONDS: Final = 600.0
"""Most seconds between two collections: connections without a request leave garbage too, but are not counted."""

_THRESHOLDS: Final = (5000, 20, 1_000_000)
"""Thresholds of Python's own collections: young generations as usual, in larger batches; no full collections."""


class GarbageCollection:
    """Runs full garbage collections, depending on how many conversations ended and requests were answered.

    Args:
        collect: Runs a full collection.
        clock: Returns seconds from any start.
    """

    def __init__(
        self, collect: Callable[[], object] = gc.collect, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._collect = collect
        self._clock = clock
        self._ended = 0
        self._answered = 0
        self._collected = clock()

    def begin(self) -> None:
        """Replace Python's schedule in this process. Objects that exist now are excluded from all collections."""
        self._collect()
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)

    def look(self, *, ended: int, running: int, answered: int) -> None:
        """Collect after many conversations, requests or minutes, or when most objects may be garbage.

        Args:
            ended: How many conversations have ended since the start.
            running: How many conversations are running.
            answered: How many HTTP requests were answered since the start.
        """
        conversations, requests = ended - self._ended, answered - self._answered
        now = self._clock()
        if (
            conversations >= max(1, min(_MANY, running))
            or requests >= _MANY_REQUESTS
            or now - self._collected >= _LONGEST_SECONDS
        ):
            self._collect()
            self._ended, self._answered, self._collected = ended, answered, now
