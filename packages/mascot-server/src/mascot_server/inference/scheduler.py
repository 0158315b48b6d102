"""The scheduler: viseme inference for all conversations of this process, in batches on the event loop.

`docs/decisions` explains why there is no thread: a process uses one core, and handing a batch over to a thread costs
the loop more than the batch itself.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from time import monotonic
from typing import TYPE_CHECKING, Final, Self

from mascot_server.inference.deadline_queue import DeadlineQueue
from mascot_server.inference.jobs import Job
from mascot_server.inference.overload import OverloadMeter
from mascot_server.inference.pace import Pace
from mascot_server.inference.predictions import predict

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from mascot_server.inference.capacity import Capacity
    from mascot_server.inference.jobs import Piece, Track
    from mascot_server.inference.overload import Sample
    from mascot_server.inference.predictions import Prediction
    from mascot_server.observability.metrics import Metrics

__all__ = ["Scheduler"]

_MOST_STREAMS: Final = 32
"""Largest batch size in streams: above it, the cost per chunk does not fall further."""

_MOST_SECONDS: Final = 8.0
"""Most audio in a batch."""

_SPACING: Final = (0.002, 0.008)
"""Seconds between batches. It gives a batch size of 2 at 100 conversations and of about 24 at 400."""

_TIGHT: Final = 0.6
"""Share of its budget that should be left for a message when its visemes are ready."""

_CAPACITY: Final = 1 << 15
"""Most messages in the queue. Reading from the providers is paused before it is full."""

_CROWDED: Final = (_CAPACITY // 4, 1 << 26)
"""Messages and bytes of audio in the queue from which conversations read little audio ahead."""


class Scheduler:
    """Collects the audio of all conversations into batches, in the order of the playout deadlines.

    Args:
        budget_ms: How long an audio message may be delayed after its playout deadline while visemes are computed.
        metrics: Metrics that count batches and messages without visemes.
        capacity: Notified of the load of the process, and of how close to their deadlines messages are predicted.
    """

    def __init__(self, *, budget_ms: float, metrics: Metrics, capacity: Capacity | None = None) -> None:
        self._budget = budget_ms / 1000
        self._metrics = metrics
        least, most = (min(pause, self._budget / 4) for pause in _SPACING)
        self._pace = Pace(most_streams=_MOST_STREAMS, most_seconds=_MOST_SECONDS, spacing=(least, most))
        self._queue = DeadlineQueue(self._pace, capacity=_CAPACITY)
        self._timer: asyncio.Handle | None = None
        self._planned = 0.0
        self._capacity = capacity
        self._meter = OverloadMeter(self._counted, self._sampled)
        self._running = AsyncExitStack()

    def submit(
        self,
        track: Track,
        data: bytes,
        *,
        due: float,
        done: Callable[[Prediction | None], None],
        seconds: float = 0.0,
    ) -> None:
        """Request the prediction of a stream's next audio.

        Audio that has missed its deadline is still processed by its stream, unless the queue is full.

        Args:
            track: The stream.
            data: Its next audio.
            due: Playout deadline, by `time.monotonic`.
            done: Called with the prediction, or with `None` if it failed or exceeded the budget. Calls for one stream
                come in order. May be called before this method returns.
            seconds: Duration of the audio.
        """
        # The clock of uvloop's event loop cannot be used: it does not advance while callbacks run.
        now = monotonic()
        job = Job(data, now=now, due=due, budget=self._budget, done=done, seconds=seconds)
        if self._queue.add(track, job):
            self._plan(now)
        else:
            self._metrics.chunks_without_visemes.add("overloaded")
            done(None)

    def finish(self, track: Track) -> None:
        """Mark a stream as complete, so that its audio no longer waits for look-ahead."""
        self._queue.finish(track)
        self._plan(monotonic())

    def hasten(self, track: Track) -> None:
        """Limit the wait of a stream's audio for look-ahead to one budget, because other messages are behind it."""
        now = monotonic()
        self._queue.hasten(track, now + self._budget)
        self._plan(now)

    def forget(self, track: Track) -> None:
        """Drop all waiting audio of a stream, without calling its callbacks."""
        self._queue.forget(track)

    @property
    def crowded(self) -> bool:
        """Whether the queue is so long that conversations should read little audio ahead."""
        messages, size = _CROWDED
        return len(self._queue) >= messages or self._queue.size >= size

    def overloaded(self) -> str | None:
        """Return why this process should reject new conversations; `None` while there is capacity."""
        return self._meter.overloaded()

    def _plan(self, now: float) -> None:
        """Schedule the next batch."""
        if self._timer is not None and self._planned <= now:
            return
        when = self._queue.next_batch(now)
        if when is None:
            return
        if self._timer is not None:
            if self._planned <= when:
                return
            self._timer.cancel()
        self._planned = when
        # Even a delay of 0 runs after all readable sockets were read, so messages that arrived together share a batch.
        loop = asyncio.get_running_loop()
        self._timer = loop.call_soon(self._run) if when <= now else loop.call_later(when - now, self._run)

    def _run(self) -> None:
        """Run one batch, after reporting late audio."""
        self._timer = None
        now = monotonic()
        self._queue.wake(now)
        for job in self._queue.expire(now):
            self._metrics.chunks_without_visemes.add("late")
            job.done(None)
        batch = self._queue.take()
        if batch:
            self._predict(batch)
        self._plan(monotonic())

    def _predict(self, batch: list[Piece]) -> None:
        began = monotonic()
        answers = predict(
            batch[0].track.engine,
            [piece.track.stream for piece in batch],
            [piece.audio for piece in batch],
            [piece.lookahead for piece in batch],
        )
        ended = monotonic()
        self._pace.ran(began, ended, sum(piece.seconds for piece in batch))
        self._metrics.viseme_compute.observe(ended - began)
        self._metrics.batch_size.observe(len(batch))
        jobs = [job for piece, answer in zip(batch, answers, strict=True) for job in piece.collect(answer)]
        least, tight = ended + _TIGHT * self._budget, 0
        for job in jobs:
            tight += job.limit < least
            whole = job.answer()
            if whole is None:
                self._metrics.chunks_without_visemes.add("failed")
            if not job.late:
                job.done(whole)
        if self._capacity is not None and self._budget:
            self._capacity.served(messages=len(jobs), tight=tight)

    def _counted(self) -> tuple[int, int]:
        without = self._metrics.chunks_without_visemes
        # With a budget of 0 every message is late, by the operator's choice.
        late = without[("late",)] if self._budget else 0
        return self._metrics.audio_chunks[()], late + without[("overloaded",)]

    def _sampled(self, sample: Sample) -> None:
        if self._capacity is not None:
            self._capacity.sample(sample, monotonic(), crowded=self.crowded)

    async def __aenter__(self) -> Self:
        await self._running.enter_async_context(self._meter)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()
        if self._timer is not None:
            self._timer.cancel()
