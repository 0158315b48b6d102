"""A thread beside the event loop for files and speech, so that these never hold up a conversation."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from mascot_server.errors import TooManyRequests, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Background"]

_NICENESS: Final = 10


class Background:
    """One thread of low priority, which does one short piece of work after the other.

    Requests take turns in it, piece by piece. Everything that touches a request's file is done here, so that its
    closing cannot overtake its reading.

    Args:
        slots: How many requests may be worked on at once.
        per_key: How many of them may be of one API key; half of them by default.
    """

    def __init__(self, slots: int, *, per_key: int | None = None) -> None:
        self._free = slots
        self._per_key = (slots + 1) // 2 if per_key is None else per_key
        self._taken: Counter[str] = Counter()
        self._worker = ThreadPoolExecutor(1, "rest", initializer=_give_way)

    @contextmanager
    def slot(self, key_id: str) -> Iterator[None]:
        """Hold a place for one request.

        Args:
            key_id: Id of the API key that it came with.

        Raises:
            TooManyRequests: The key has as many places as it may.
            Unavailable: All are taken.
        """
        if not self._free:
            raise Unavailable("Too many requests in progress; try again", retry_after=1)
        if self._taken[key_id] >= self._per_key:
            raise TooManyRequests(
                f"Too many requests of this API key at once: at most {self._per_key} "
                "(MASCOT_REST_CONCURRENCY_PER_KEY)",
                retry_after=1,
            )
        self._free -= 1
        self._taken[key_id] += 1
        try:
            yield
        finally:
            self._free += 1
            self._taken[key_id] -= 1
            if not self._taken[key_id]:
                del self._taken[key_id]

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in the thread. It is completed even if its caller has been cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)

    def submit(self, function: Callable[[], Any]) -> None:
        """Queue a piece of work after all others, without waiting for it."""
        try:
            self._worker.submit(function)
        except RuntimeError:  # the thread has ended, and with it whatever this had to come after
            function()

    async def close(self) -> None:
        """Finish the running work and end the thread."""
        await asyncio.to_thread(self._worker.shutdown)


def _give_way() -> None:
    # Elsewhere than on Linux a thread has no priority of its own, and the whole process must not be slowed.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
