"""A background thread for recordings and speech synthesis, so that they do not block the event loop."""

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
    """One low-priority thread, which runs short pieces of work one after the other.

    Requests are interleaved piece by piece. All access to a request's file is done in this thread, so that the file
    cannot be closed while it is read.

    Args:
        slots: Most concurrent requests.
        per_key: Most concurrent requests of one API key; half of `slots` by default.
    """

    def __init__(self, slots: int, *, per_key: int | None = None) -> None:
        self._free = slots
        self._per_key = (slots + 1) // 2 if per_key is None else per_key
        self._taken: Counter[str] = Counter()
        self._worker = ThreadPoolExecutor(1, "rest", initializer=_give_way)

    @contextmanager
    def slot(self, key_id: str) -> Iterator[None]:
        """Reserve a slot for one request while the context lasts.

        Args:
            key_id: Id of its API key.

        Raises:
            TooManyRequests: All slots of the key are in use.
            Unavailable: All slots are in use.
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
        """Run a function in the thread. It is completed even if the caller is cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)

    def submit(self, function: Callable[[], Any]) -> None:
        """Queue a piece of work after all others, without waiting for it."""
        try:
            self._worker.submit(function)
        except RuntimeError:  # the thread has ended, so no earlier work remains
            function()

    async def close(self) -> None:
        """Finish the running work and stop the thread."""
        await asyncio.to_thread(self._worker.shutdown)


def _give_way() -> None:
    # Only Linux has priorities for single threads. Elsewhere this would slow down the whole process.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
