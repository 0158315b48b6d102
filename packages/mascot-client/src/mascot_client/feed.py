"""Visemes beside the SDK's own events: one place to read them from, in another task or thread.

feed = VisemeFeed()
for event in for_openai.listen(connection, feed):   # the SDK's events, every one of them
...
async for payload in feed:                      # elsewhere
...
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mascot_client.visemes import Visemes

logger = logging.getLogger(__name__)

_LONGEST = 1024
"""Payloads kept for a reader, some minutes of speech; with callbacks alone nobody reads them."""


class VisemeFeed:
    """The payloads of one conversation, by callback, ``for`` and ``async for``; for one reader.

    Safe between threads. An interruption drops what has not been read. After ``close()`` (``listen`` does it when
    the events end) iteration ends once the rest is read.

    Args:
        on_visemes: Called with each payload where it arrives, before its audio's event is handed out. What it
            raises is logged, and the conversation goes on.
        on_interrupted: Called when the user interrupts the agent: drop the audio not yet played.
    """

    def __init__(
        self,
        *,
        on_visemes: Callable[[Visemes], object] | None = None,
        on_interrupted: Callable[[], object] | None = None,
    ) -> None:
        self._on_visemes = on_visemes
        self._on_interrupted = on_interrupted
        self._pending: deque[Visemes] = deque(maxlen=_LONGEST)
        self._closed = False
        self._changed = threading.Condition()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def __call__(self, payload: Visemes) -> None:
        """Take a payload in; a feed may stand wherever a callback for payloads is asked for."""
        with self._changed:
            self._pending.append(payload)
            self._wake()
        if self._on_visemes is not None:
            self._run(self._on_visemes, payload)

    def interrupt(self) -> None:
        """Drop what has not been read, and tell ``on_interrupted``."""
        with self._changed:
            self._pending.clear()
        if self._on_interrupted is not None:
            self._run(self._on_interrupted)

    def close(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._closed = True
            self._wake()

    def __len__(self) -> int:
        return len(self._pending)

    def __bool__(self) -> bool:
        # Not its length: an empty feed is a feed.
        return True

    def __iter__(self) -> Iterator[Visemes]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closed)
                if not self._pending:
                    return
                payload = self._pending.popleft()
            yield payload

    async def __aiter__(self) -> AsyncIterator[Visemes]:
        arrived = asyncio.Event()
        waiter = (asyncio.get_running_loop(), arrived)
        self._waiters.append(waiter)
        try:
            while True:
                arrived.clear()
                with self._changed:
                    payload = self._pending.popleft() if self._pending else None
                    closed = self._closed
                if payload is not None:
                    yield payload
                elif closed:
                    return
                else:
                    await arrived.wait()
        finally:
            self._waiters.remove(waiter)

    def _wake(self) -> None:
        self._changed.notify_all()
        for loop, arrived in list(self._waiters):
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived.set)

    def _run(self, callback: Callable[..., object], *arguments: object) -> None:
        try:
            callback(*arguments)
        except Exception:
            logger.exception("a callback of the viseme feed failed; the conversation goes on")
