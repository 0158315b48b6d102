"""Whether this process has room for one more conversation.

Rejecting a new conversation is better than letting all get worse. So the signal turns before the running conversations
notice: at a share of the core that still leaves air, or as soon as predictions come too late or the event loop runs
behind. It turns back only when all of that has been over for a while, with more air than it took to turn.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["OverloadDetector", "OverloadMeter", "Sample"]

_BUSY: Final = 0.9
"""Share of one core from which there is no room: queues, and with them the p99, grow without bound towards 1."""

_CALM: Final = 0.8
"""Share of one core up to which there is room again. The gap keeps one conversation from turning it back and forth."""

_LAG: Final = 0.05
"""Seconds that the event loop may run behind; more than a budget for visemes, several times what a batch takes."""

_LATE: Final = 0.01
"""Share of the messages with audio that may go on without visemes because these came too late."""

_FEW_LATE: Final = 4
"""And so many on top: with one conversation a single one would be a large share."""

_BUSY_SAMPLES: Final = 6
"""How many samples in a row must say so: a hundred handshakes at once keep a core busy for a second or two."""

_LAG_SAMPLES: Final = 3
"""The same for the lag."""

_LATE_SAMPLES: Final = 2
"""The same for what is late."""

_CALM_SAMPLES: Final = 5
"""How many samples in a row must be calm before there is room again."""

_INTERVAL: Final = 0.5
"""Seconds from one sample to the next."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured over one interval.

    Attributes:
        busy: Share of the interval in which the event loop's thread computed, 0 to 1.
        lag: Seconds by which the loop's timer came too late.
        chunks: Messages with audio.
        late: How many of them went on without visemes because these came too late.
    """

    busy: float
    lag: float
    chunks: int
    late: int


class OverloadDetector:
    """Judges samples. Free of I/O and of the clock."""

    def __init__(self) -> None:
        self._reason: str | None = None
        self._busy = 0
        self._lagging = 0
        self._late = 0
        self._calm = 0

    def add(self, sample: Sample) -> None:
        """Add the next sample."""
        self._busy = self._busy + 1 if sample.busy > _BUSY else 0
        self._lagging = self._lagging + 1 if sample.lag > _LAG else 0
        late = sample.late > _FEW_LATE + _LATE * sample.chunks
        self._late = self._late + 1 if late else 0
        self._calm = 0 if late or sample.busy > _CALM or sample.lag > _LAG else self._calm + 1
        if self._late >= _LATE_SAMPLES:
            self._reason = "visemes come too late"
        elif self._busy >= _BUSY_SAMPLES:
            self._reason = "the processor is busy"
        elif self._lagging >= _LAG_SAMPLES:
            self._reason = "the event loop runs behind"
        elif self._calm >= _CALM_SAMPLES:
            self._reason = None

    def overloaded(self) -> str | None:
        """Return why new conversations should be rejected; `None` while there is room."""
        return self._reason


class OverloadMeter:
    """Measures the running event loop and feeds an `OverloadDetector`; an asynchronous context manager.

    Args:
        counted: Returns how many messages with audio there were since the start, and how many visemes came too late.
        sampled: Called with each sample.
    """

    def __init__(
        self,
        counted: Callable[[], tuple[int, int]],
        sampled: Callable[[Sample], None] = lambda _: None,
    ) -> None:
        self._counted = counted
        self._sampled = sampled
        self._load = OverloadDetector()
        self._timer: asyncio.TimerHandle | None = None

    def overloaded(self) -> str | None:
        """Return why new conversations should be rejected; `None` while there is room."""
        return self._load.overloaded()

    async def __aenter__(self) -> Self:
        self._wait(time.thread_time(), self._counted())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self, computed: float, counted: tuple[int, int]) -> None:
        began = time.monotonic()

        def measure() -> None:
            elapsed = time.monotonic() - began
            now_computed, now_counted = time.thread_time(), self._counted()
            sample = Sample(
                busy=(now_computed - computed) / elapsed,
                lag=elapsed - _INTERVAL,
                chunks=now_counted[0] - counted[0],
                late=now_counted[1] - counted[1],
            )
            self._load.add(sample)
            self._sampled(sample)
            self._wait(now_computed, now_counted)

        self._timer = asyncio.get_running_loop().call_later(_INTERVAL, measure)
