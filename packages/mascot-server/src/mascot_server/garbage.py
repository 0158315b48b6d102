"""When this process looks for garbage.

A conversation that ended leaves some two hundred objects that refer to one another, which only a full collection
frees. That looks at every object of every conversation, 50 ms with 400 of them, in which nothing is relayed. Python
would do it in the middle of a rush of new conversations, when their number makes it suspicious and nothing is to be
found; here it is done when enough have ended.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GarbageCollection"]

_ENDED: Final = 200
"""Conversations that have ended: about 25 MB."""

_SECONDS: Final = 60.0
"""How long those wait that are fewer."""

_THRESHOLDS: Final = (5000, 20, 1_000_000)
"""Of Python's own collections: of the young objects as usual, if in larger lots; full ones never."""


class GarbageCollection:
    """Python's garbage collection, by how many conversations ended.

    Args:
        collect: Does a full collection.
        clock: Seconds, growing.
    """

    def __init__(
        self, collect: Callable[[], object] = gc.collect, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._collect = collect
        self._clock = clock
        self._ended = 0
        self._last = clock()

    def begin(self) -> None:
        """Takes over, for this process. What there is now, made for the start, is never looked at again."""
        self._collect()
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)

    def look(self, ended: int) -> None:
        """Collects if it is time to.

        Args:
            ended: How many conversations have ended since the start.
        """
        waiting = ended - self._ended
        if waiting >= _ENDED or (waiting and self._clock() - self._last >= _SECONDS):
            self._collect()
            self._ended, self._last = ended, self._clock()
