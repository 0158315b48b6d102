"""The app's WebSocket under any ASGI server, with two tasks between the server and the relay."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from mascot_server.transport.listener import NO_STATUS, PeerClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mascot_server.providers.codec import Frame
    from mascot_server.transport.listener import Listener

__all__ = ["AsgiSocket", "tell"]

_HIGH_WATER: Final = 16
"""Messages in the send queue above which the peer counts as congested."""

_PER_TURN: Final = 32
"""Most messages that are read in a row before other connections are served."""


def tell(event: Any, listener: Listener) -> None:
    """Notify a listener of an ASGI event."""
    if event["type"] == "websocket.receive":
        text = event.get("text")
        listener.message_received(text if text is not None else event["bytes"])
    elif event["type"] == "websocket.disconnect":
        listener.gone(PeerClosed(event.get("code") or NO_STATUS, event.get("reason") or ""))


class AsgiSocket:
    """An accepted WebSocket, used through ASGI's `receive` and `send`.

    Args:
        receive: ASGI's `receive`.
        send: ASGI's `send`.
    """

    def __init__(self, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        self._receive = receive
        self._send = send
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._to_send: asyncio.Queue[Frame] = asyncio.Queue()
        self._listener: Listener | None = None
        self._congested = False
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self, listener: Listener) -> None:
        """Deliver all messages to a listener from now on."""
        self._listener = listener
        self._tasks = [asyncio.create_task(self._read(listener)), asyncio.create_task(self._write(listener))]

    def write(self, frame: Frame) -> None:
        """Add a message to the send queue."""
        self._to_send.put_nowait(frame)
        # Checked here, because the sending task may be blocked in the middle of a message.
        if not self._congested and self._listener is not None and self._to_send.qsize() > _HIGH_WATER:
            self._congested = True
            self._listener.congested()

    def hold(self) -> None:
        """Pause reading until ``go_on``. One more message may still be read."""
        self._may_read.clear()

    def go_on(self) -> None:
        """Resume reading."""
        self._may_read.set()

    async def flush(self) -> None:
        """Wait until all messages are sent, then stop the tasks."""
        reading, writing = self._tasks
        reading.cancel()
        waiting = asyncio.create_task(self._to_send.join())
        try:
            await asyncio.wait((waiting, writing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Also if the caller was cancelled: a blocked send would keep the connection open forever.
            for task in (waiting, writing):
                task.cancel()
            await asyncio.gather(reading, waiting, writing, return_exceptions=True)

    async def _read(self, listener: Listener) -> None:
        for count in itertools.count(1):
            if count % _PER_TURN == 0:
                # Receiving queued events does not yield to the event loop.
                await asyncio.sleep(0)
            event = await self._receive()
            tell(event, listener)
            if event["type"] == "websocket.disconnect":
                return
            await self._may_read.wait()

    async def _write(self, listener: Listener) -> None:
        while True:
            if self._congested and self._to_send.empty():
                self._congested = False
                listener.relieved()
            frame = await self._to_send.get()
            kind = "text" if isinstance(frame, str) else "bytes"
            with suppress(OSError):
                # The web server raises this if the client has disconnected. The reading task reports the close code.
                await self._send({"type": "websocket.send", kind: frame})
            self._to_send.task_done()
