"""Fair reading from connections: one connection cannot block the event loop for the others.

uvloop calls a protocol up to 32 times in a row, with 256 KB each time, while its socket has more data. In small frames,
that is a minute of work for a relay. So a large amount of data is read over several iterations of the event loop, and
each connection has a limited share of the loop's time. Connections with little data have no overhead: no timer, no
clock.
"""

from __future__ import annotations

import asyncio
from time import monotonic, thread_time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.transport.framing import MessageReader

__all__ = ["Intake", "LoopTime"]

_LARGE_READ: Final = 1 << 16
"""Bytes of one read after which other connections are served. Conversations read a tenth of it at a time."""

_PART: Final = 0.25
"""Share of the loop's time that one connection may use on average.

It is well below the load at which the process rejects new conversations: one flooding peer must not cause an overload.
"""

_AT_ONCE: Final = 0.05
"""Seconds of the loop's time that a connection may use in a burst before it is limited: several minutes of audio."""


class LoopTime:
    """Computes how long a connection has to wait, from the loop time that it used. No I/O, no clock.

    Args:
        part: Share of the time that it may use on average, 0 to 1.
        at_once: Seconds that it may use in addition, in a burst after idle time.
    """

    __slots__ = ("_at_once", "_now", "_part", "_used")

    def __init__(self, *, part: float = _PART, at_once: float = _AT_ONCE) -> None:
        self._part = part
        self._at_once = at_once
        self._used = 0.0
        self._now = 0.0

    def wait(self, now: float, used: float) -> float:
        """Return the seconds until the connection may be read again.

        Args:
            now: Current time.
            used: Seconds that were used since the last call.
        """
        self._used = max(0.0, self._used - (now - self._now) * self._part) + used
        self._now = now
        return max(0.0, (self._used - self._at_once) / self._part)


class Intake:
    """Passes received data to a reader, a limited amount in each iteration of the event loop.

    Args:
        transport: The transport that receives the data.
        reader: The reader of messages.
    """

    __slots__ = ("_at_end", "_loop_time", "_paused", "_reader", "_transport", "_turn")

    def __init__(self, transport: asyncio.Transport, reader: MessageReader) -> None:
        self._transport = transport
        self._reader = reader
        self._turn: asyncio.Handle | None = None
        self._paused = False
        self._loop_time = LoopTime()
        self._at_end: Callable[[], None] | None = None

    @property
    def unread(self) -> bool:
        """Whether there is received data that was not read yet."""
        return self._reader.unread

    @property
    def held(self) -> bool:
        """Whether `hold` was called, and `go_on` was not since then."""
        return self._reader.stopped

    def feed(self, data: bytes) -> None:
        """Process data that the transport received."""
        if (self._reader.feed(data) or len(data) >= _LARGE_READ) and not self._reader.stopped:
            self._wait_for_turn(0.0)

    def hold(self) -> None:
        """Pause reading until `go_on`, including data that was already received."""
        self._reader.stopped = True
        self._cancel_turn()
        self._pause()

    def go_on(self) -> None:
        """Resume reading. Data that was already received is read in a later iteration of the event loop."""
        self._reader.stopped = False
        if self._reader.unread:
            self._wait_for_turn(0.0)
        elif self._turn is None:
            self._resume()

    def end(self, then: Callable[[], None] | None = None) -> None:
        """Stop receiving.

        Args:
            then: Called after all received data has been read. Without it, that data is dropped.
        """
        if then is None:
            self._reader.stopped = True
            self._cancel_turn()
        elif self._reader.unread:
            self._at_end = then
        else:
            then()

    def _wait_for_turn(self, seconds: float) -> None:
        self._pause()
        if self._turn is None:
            loop = asyncio.get_running_loop()
            self._turn = loop.call_later(seconds, self._read_on) if seconds else loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        self._turn = None
        # Processor time is measured, because time used by other processes on a busy machine must not count.
        began = thread_time()
        more = self._reader.go_on()
        if self._reader.stopped:
            return
        if more:
            self._wait_for_turn(self._loop_time.wait(monotonic(), thread_time() - began))
        elif self._at_end is not None:
            then, self._at_end = self._at_end, None
            then()
        else:
            self._resume()

    def _cancel_turn(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            if not self._transport.is_closing():
                self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
