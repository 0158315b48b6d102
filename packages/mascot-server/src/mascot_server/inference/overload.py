"""Overload detection: whether this process has capacity for one more conversation.

It is better to reject a new conversation than to degrade all running ones. So the process reports overload before
running conversations are affected: at a share of the core that still leaves headroom, or as soon as predictions miss
their deadlines or the event loop lags. It stops reporting overload only after all of that has been over for a while, at
a lower threshold (hysteresis).
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
"""Share of one core from which the process is overloaded: towards 1, queues and the p99 latency grow without bound."""

_CALM: Final = 0.8
"""Share of one core up to which the overload ends. The gap prevents one conversation from toggling the state."""

_LAG: Final = 0.05
"""Lag of the event loop in seconds that counts as overload: more than a viseme budget, several times a batch."""

_LATE: Final = 0.01
"""Share of the audio messages that may be forwarded without visemes because these missed the deadline."""

_FEW_LATE: Final = 4
"""Messages that are allowed in addition: with one conversation, a single message would be a large share."""

_BUSY_SAMPLES: Final = 6
"""Consecutive busy samples that count as overload: a hundred concurrent handshakes use a core for a second or two."""

_LAG_SAMPLES: Final = 3
"""Consecutive samples with too much lag that count as overload."""

_LATE_SAMPLES: Final = 2
"""Consecutive samples with too many late messages that count as overload."""

_CALM_SAMPLES: Final = 5
"""Consecutive calm samples that end the overload."""

_INTERVAL: Final = 0.5
"""Seconds from one sample to the next."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Measurements of one interval.

    Attributes:
        busy: Share of the interval in which the event loop's thread computed, 0 to 1.
        lag: Seconds by which the loop's timer was late.
        chunks: Messages with audio.
        late: How many of them were forwarded without visemes because these missed the deadline.
    """

    busy: float
    lag: float
    chunks: int
    late: int


class OverloadDetector:
    """Detects overload from samples. No I/O, no clock."""

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
        """Return why new conversations should be rejected; `None` while there is capacity."""
        return self._reason


class OverloadMeter:
    """Measures the running event loop and feeds an `OverloadDetector`; an asynchronous context manager.

    Args:
        counted: Returns the number of audio messages since the start, and how many of them had late visemes.
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
        """Return why new conversations should be rejected; `None` while there is capacity."""
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
