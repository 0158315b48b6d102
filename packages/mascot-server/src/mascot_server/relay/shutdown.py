"""Graceful shutdown (drain): tracks the running conversations and rejects new ones."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mascot_server.relay.relay import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

__all__ = ["DRAINED", "Drain", "Stop"]

logger = logging.getLogger(__name__)

DRAINED: Final = (1001, "the server is going down: connect again")
"""Close code and reason for a conversation that did not end in time (RFC 6455, section 7.4.1: going away)."""

_FAREWELL_SECONDS: Final = 10.0
"""Time for the remaining conversations to close: two close handshakes each."""


class Stop:
    """Ends one conversation from the server's side. Call it with the close code and the close reason."""

    def __init__(self) -> None:
        self._wanted: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def __call__(self, code: int, reason: str) -> None:
        """End the conversation. Only the first call has an effect. Call it in the event loop's thread only."""
        if not self._wanted.done():
            self._wanted.set_result(Ending("server", code, reason))

    async def or_until(self, relaying: Coroutine[Any, Any, Ending]) -> Ending:
        """Run the relay until it ends or the conversation is stopped.

        Args:
            relaying: The relay of the conversation; cancelled if the conversation is stopped.

        Returns:
            How the conversation ended.
        """
        task = asyncio.create_task(relaying)
        try:
            await asyncio.wait((task, self._wanted), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else self._wanted.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Drain:
    """Tracks the conversations and HTTP requests of this process, and shuts it down gracefully.

    Args:
        seconds: How long running conversations may continue after the drain has started.
        overloaded: Returns why the process is overloaded, or `None`.

    Attributes:
        draining: Whether the drain has started.
        ended: Number of conversations that have ended.
    """

    def __init__(self, *, seconds: float, overloaded: Callable[[], str | None]) -> None:
        self._seconds = seconds
        self._overloaded = overloaded
        self._running: set[Stop] = set()
        self._requests = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False
        self.ended = 0

    @property
    def running(self) -> int:
        """Number of running conversations, from the handshake on."""
        return len(self._running)

    def refusal(self) -> str | None:
        """Return why new conversations are rejected; `None` if they are accepted."""
        if self.draining:
            return "the server is going down"
        return self._overloaded()

    @contextmanager
    def conversation(self) -> Iterator[Stop]:
        """Count a conversation while it runs; yield the object that stops it."""
        stop = Stop()
        self._running.add(stop)
        self._idle.clear()
        try:
            yield stop
        finally:
            self._running.discard(stop)
            self.ended += 1
            self._note_idle()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count an HTTP request until its response ends, which may be a long stream. It cannot be stopped."""
        self._requests += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._requests -= 1
            self._note_idle()

    def _note_idle(self) -> None:
        if not self._running and not self._requests:
            self._idle.set()

    def begin(self) -> None:
        """Reject new conversations from now on. May be called by a signal handler."""
        self.draining = True

    async def run(self) -> None:
        """Wait for the running conversations and requests, then end the conversations that take too long."""
        self.begin()
        logger.info(
            "graceful shutdown: waiting up to %g s for %d conversations", self._seconds, self.running,
            extra={"conversations": self.running},
        )  # fmt: skip
        if await self._wait_idle(self._seconds):
            logger.info("graceful shutdown: all conversations have ended")
            return
        logger.warning(
            "graceful shutdown: closing %d conversations that are still running",
            self.running,
            extra={"conversations": self.running},
        )
        for stop in tuple(self._running):
            stop(*DRAINED)
        await self._wait_idle(_FAREWELL_SECONDS)

    async def _wait_idle(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
