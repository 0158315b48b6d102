"""Read visemes in another task or thread than the SDK's events.

    feed = VisemeFeed()
    for event in for_openai.listen(connection, feed):   # all events of the SDK
        ...

    async for payload in feed:                          # in another task
        ...

A feed is safe to use from several threads.
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
"""Maximum number of unread payloads, some minutes of speech. With callbacks only, no reader removes them."""


class VisemeFeed:
    """The viseme payloads of one conversation, by callback, ``for`` or ``async for``.

    A feed has one reader. An interruption drops all unread payloads. After
    ``close()``, iteration ends when the remaining payloads have been read; ``listen`` closes the feed when the events
    end.

    Args:
        on_visemes: Called with each payload, in the thread or task that receives it, before the event of its audio is
            yielded. An exception in it is logged and does not stop the conversation.
        on_interrupted: Called when the user interrupts the agent. Drop the audio that has not been played.
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
        """Add a payload. You can pass a feed as any ``on_visemes`` callback."""
        with self._changed:
            self._pending.append(payload)
            self._wake()
        if self._on_visemes is not None:
            self._run(self._on_visemes, payload)

    def interrupt(self) -> None:
        """Drop all unread payloads and call ``on_interrupted``."""
        with self._changed:
            self._pending.clear()
        if self._on_interrupted is not None:
            self._run(self._on_interrupted)

    def close(self) -> None:
        """End the iteration after the remaining payloads."""
        with self._changed:
            self._closed = True
            self._wake()

    def __len__(self) -> int:
        return len(self._pending)

    def __bool__(self) -> bool:
        # Without this, an empty feed would be false because of its length.
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
            logger.exception("a callback of the viseme feed failed; the conversation continues")
