"""A thread beside the event loop for files and speech, so that these never hold up a conversation."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from mascot_server.errors import Unavailable

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
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._worker = ThreadPoolExecutor(1, "rest", initializer=_give_way)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place for one request.

        Raises:
            Unavailable: All are taken.
        """
        if not self._free:
            raise Unavailable("Too many requests are being worked on; try again", retry_after=1)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Does a piece of work in the thread. It is done even if nobody waits for it any more."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)

    def submit(self, function: Callable[[], Any]) -> None:
        """Has a piece of work done after all others, without waiting for it."""
        try:
            self._worker.submit(function)
        except RuntimeError:  # the thread has ended, and with it whatever this had to come after
            function()

    async def close(self) -> None:
        """Finishes what was begun and ends the thread."""
        await asyncio.to_thread(self._worker.shutdown)


def _give_way() -> None:
    # Elsewhere than on Linux a thread has no priority of its own, and the whole process must not be slowed.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
