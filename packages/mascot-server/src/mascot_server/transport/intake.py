"""Read from one connection without keeping the event loop from the others.

uvloop calls a protocol up to 32 times in a row, with 256 KB each time, while its socket has more. All of that in small
frames is a minute of work for a relay. So a connection that has a lot to read gets one turn of the event loop after the
other, and a limited part of the loop's time. A connection that has little pays nothing for this: no timer, no clock.
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
"""Bytes of one read after which the others have their turn. Conversations read a tenth of it at a time."""

_PART: Final = 0.25
"""Part of the loop's time that one connection may use in the long run.

Well below the load at which the process refuses new conversations: one peer that floods must not cause that.
"""

_AT_ONCE: Final = 0.05
"""Seconds of the loop's time that a connection may use before that counts: several minutes of audio at once."""


class LoopTime:
    """How long a connection has to wait for the time it used. Free of I/O and of the clock.

    Args:
        part: Part of the time that it may use in the long run, 0 to 1.
        at_once: Seconds that it may use on top, after a rest.
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
            now: Time by a clock.
            used: Seconds that were used since the last call.
        """
        self._used = max(0.0, self._used - (now - self._now) * self._part) + used
        self._now = now
        return max(0.0, (self._used - self._at_once) / self._part)


class Intake:
    """Feeds a reader with what a transport receives, a bounded amount in each turn of the event loop.

    Args:
        transport: What is read.
        reader: Takes the bytes.
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
        """Whether something that was received is still to be read."""
        return self._reader.unread

    @property
    def held(self) -> bool:
        """Whether `hold` was called, and `go_on` was not since then."""
        return self._reader.stopped

    def feed(self, data: bytes) -> None:
        """Take what the transport received."""
        if (self._reader.feed(data) or len(data) >= _LARGE_READ) and not self._reader.stopped:
            self._wait_for_turn(0.0)

    def hold(self) -> None:
        """Read no more until `go_on`, not even what was received already."""
        self._reader.stopped = True
        self._cancel_turn()
        self._pause()

    def go_on(self) -> None:
        """Read again. What was received already is read in a later turn of the event loop."""
        self._reader.stopped = False
        if self._reader.unread:
            self._wait_for_turn(0.0)
        elif self._turn is None:
            self._resume()

    def end(self, then: Callable[[], None] | None = None) -> None:
        """Receive no more.

        Args:
            then: Called after everything that was received has been read. Without it that is dropped.
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
        # Processor time: what other processes take on a busy machine is not this peer's fault.
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
