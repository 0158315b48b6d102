"""Who talks, and the clock that lets everybody say each chunk when it is due."""

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
"""Whatever is due is sent this often: the finest that uvloop's timers know."""
_LEAD_S: Final = 0.05


class Speaker:
    """One side of one session, in the middle of its timetable.

    Args:
        flow: Where its messages are noted.
        transport: What it talks into.
        messages: What it says.
        pacing: When.
        since: Seconds of its timetable that have passed.
        offset: Chunk of the recording it begins with.
        turns: What is said before and after each turn, nothing where `None`.
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
        """Whether it says nothing more: its time is over, and so is its turn."""
        size = self._pacing.turn_chunks
        return self.due > self._leaves and (not size or self._number % size == 0)

    def say(self) -> None:
        """Sends the next chunk of its timetable."""
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
    """Lets speakers talk in real time.

    Attributes:
        late: Seconds by which each chunk left after it was due.
    """

    def __init__(self) -> None:
        self.late: list[float] = []
        self._queue: list[tuple[float, int, Speaker]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0

    def add(self, speaker: Speaker) -> None:
        """Adds a speaker, before the start."""
        self._queue.append((speaker.due, len(self._queue), speaker))

    def start(self) -> None:
        """Begins."""
        heapq.heapify(self._queue)
        self._start = time.perf_counter() + _LEAD_S
        self._timer = asyncio.get_running_loop().call_later(_LEAD_S, self._tick)

    def stop(self) -> None:
        """Nobody says anything more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        # The loop's own clock only knows whole milliseconds.
        now, queue = time.perf_counter() - self._start, self._queue
        # Only what is due by now: a generator that cannot keep up still reads between its ticks.
        while queue and queue[0][0] <= now:
            due, order, speaker = queue[0]
            speaker.say()
            self.late.append(now - due)
            if speaker.left:
                heapq.heappop(queue)
            else:
                heapq.heapreplace(queue, (speaker.due, order, speaker))
        self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)
