"""Send the chunks of all speakers at their times."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from typing import TYPE_CHECKING, Final

from picows import WSMsgType, WSTransport

if TYPE_CHECKING:
    from bench.relay.flows import Flow
    from bench.relay.pacing import Pacing
    from bench.relay.wires import Messages

__all__ = ["Clock", "Speaker"]

_TICK_S: Final = 0.001
"""Interval at which due chunks are sent, the resolution of uvloop's timers."""
_LEAD_S: Final = 0.05


class Speaker:
    """One side of one session, at a position of its timetable.

    Args:
        flow: Records its messages.
        transport: Sends its messages.
        messages: Its messages.
        pacing: Its timetable.
        since: Seconds of its timetable that have passed.
        offset: Chunk of the recording it begins with.
        turns: Messages before and after each turn; ``None`` for no message.
        joins: Seconds from the start at which it begins.
        leaves: Seconds from the start after which it begins no turn.
    """

    __slots__ = (
        "_flow",
        "_index",
        "_kind",
        "_leaves",
        "_messages",
        "_number",
        "_offset",
        "_pacing",
        "_transport",
        "_turns",
        "due",
    )

    def __init__(
        self,
        flow: Flow,
        transport: WSTransport,
        messages: Messages,
        *,
        pacing: Pacing,
        since: float,
        offset: int,
        turns: tuple[bytes | None, bytes | None] = (None, None),
        joins: float = 0.0,
        leaves: float = math.inf,
    ) -> None:
        self._flow = flow
        self._transport = transport
        self._messages = messages
        self._pacing = pacing
        self._offset = offset
        self._turns = turns
        self._kind = WSMsgType.BINARY if messages.binary else WSMsgType.TEXT
        self._number = pacing.first(since)
        self._index = flow.add(self._number)
        self._leaves = leaves
        self.due = joins + pacing.due(self._number) - since
        """Seconds from the start at which it talks next."""

    @property
    def left(self) -> bool:
        """Whether it is finished: its time and its turn are over."""
        size = self._pacing.turn_chunks
        return self.due > self._leaves and (not size or self._number % size == 0)

    def say(self) -> None:
        """Send the next chunk of its timetable."""
        number, size, messages = self._number, self._pacing.turn_chunks, self._messages
        before, after = self._turns
        if size and before is not None and number % size == 0:
            self._transport.send(self._kind, before)
        speaks = self._pacing.speaks(number)
        tail = messages.tails[(self._offset + number) % len(messages.tails)] if speaks else messages.silence
        tag = self._flow.send(self._index)
        self._transport.send(self._kind, b"".join((messages.head, tag, tail)))
        if size and after is not None and number % size == size - 1:
            self._transport.send(self._kind, after)
        self._number = number + 1
        self.due += self._pacing.due(self._number) - self._pacing.due(number)


class Clock:
    """Send the chunks of speakers in real time.

    Attributes:
        late: Delay of each chunk after its time, in seconds.
    """

    def __init__(self) -> None:
        self.late: list[float] = []
        self._queue: list[tuple[float, int, Speaker]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0

    def add(self, speaker: Speaker) -> None:
        """Add a speaker, before the start."""
        self._queue.append((speaker.due, len(self._queue), speaker))

    def start(self) -> None:
        """Start."""
        heapq.heapify(self._queue)
        self._start = time.perf_counter() + _LEAD_S
        self._timer = asyncio.get_running_loop().call_later(_LEAD_S, self._tick)

    def stop(self) -> None:
        """Stop all speakers."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        # The loop's own clock has a resolution of whole milliseconds.
        now, queue = time.perf_counter() - self._start, self._queue
        # Send only what is due by now, so that a slow generator still reads between its ticks.
        while queue and queue[0][0] <= now:
            due, order, speaker = queue[0]
            speaker.say()
            self.late.append(now - due)
            if speaker.left:
                heapq.heappop(queue)
            else:
                heapq.heapreplace(queue, (speaker.due, order, speaker))
        self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)
