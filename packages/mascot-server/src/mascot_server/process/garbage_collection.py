"""When this process looks for garbage.

A conversation that ended leaves some two hundred objects that refer to one another, which only a full collection
frees. That looks at every object of every conversation, 50 ms with 400 of them, in which nothing is relayed. Python
would do it in the middle of a rush of new conversations, when their number makes it suspicious and nothing is to be
found; here it is done when there is something to find. An HTTP request leaves a few such objects too, so that a server
that only answers requests would keep them all.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GarbageCollection"]

_MANY: Final = 200
"""Conversations that may have ended before a collection, about 25 MB; fewer if no more are running."""

_MANY_REQUESTS: Final = 1000
"""HTTP requests that may have been answered before a collection."""

_LONGEST_SECONDS: Final = 600.0
"""Between two collections: connections that send nothing leave garbage as well and are counted nowhere."""

_THRESHOLDS: Final = (5000, 20, 1_000_000)
"""Of Python's own collections: of the young objects as usual, if in larger lots; full ones never."""


class GarbageCollection:
    """Python's garbage collection, by how many conversations ended and requests were answered.

    Args:
        collect: Does a full collection.
        clock: Seconds from any start.
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
        """Take over, for this process. What there is now, made for the start, is never looked at again."""
        self._collect()
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)

    def look(self, *, ended: int, running: int, answered: int) -> None:
        """Collect if it is worth it: after many conversations, requests or minutes, or when most may be garbage.

        Args:
            ended: How many conversations have ended since the start.
            running: How many there are.
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
