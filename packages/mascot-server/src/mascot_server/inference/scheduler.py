"""Predicts the visemes of all conversations of this process, in batches on the event loop.

`docs/decisions` tells why there is no thread: a process has one core, and there a batch costs the loop less than
handing it over does.
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
"""Streams that share a batch at most: beyond it a chunk gets no cheaper."""

_MOST_SECONDS: Final = 8.0
"""Audio of a batch at most."""

_SPACING: Final = (0.002, 0.008)
"""Seconds from batch to batch: at 100 conversations it makes batches of two, at 400 of two dozen."""

_TIGHT: Final = 0.6
"""Share of its budget that a message should have left when its visemes are ready."""

_CAPACITY: Final = 1 << 15
"""Messages that may wait altogether. Before that the providers are read no further."""

_CROWDED: Final = (_CAPACITY // 4, 1 << 26)
"""Messages and bytes of audio in waiting from which conversations keep little in advance."""


class Scheduler:
    """Collects the audio of all conversations into batches by when it is needed.

    Args:
        budget_ms: How long audio may be held for its visemes after its listener needs it.
        metrics: Where batches and messages without visemes are counted.
        capacity: Notified of how busy the process is and of how close to their deadlines messages are served.
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

        Audio whose visemes would come too late still reaches its stream, unless there is far too much of it.

        Args:
            track: The stream.
            data: Its next audio.
            due: When the listener will need it, by `time.monotonic`.
            done: Called with the prediction; with `None` if it failed or did not come within the budget. Calls for one
                stream come in order. May be called before this returns.
            seconds: How long the audio plays.
        """
        # Not the loop's clock: uvloop's stands still while callbacks run.
        now = monotonic()
        job = Job(data, now=now, due=due, budget=self._budget, done=done, seconds=seconds)
        if self._queue.add(track, job):
            self._plan(now)
        else:
            self._metrics.chunks_without_visemes.add("overloaded")
            done(None)

    def finish(self, track: Track) -> None:
        """Mark a stream as complete, so that no audio of it waits for look-ahead any longer."""
        self._queue.finish(track)
        self._plan(monotonic())

    def hasten(self, track: Track) -> None:
        """Let a stream's audio wait one budget at most for the audio that follows it: other messages are behind it."""
        now = monotonic()
        self._queue.hasten(track, now + self._budget)
        self._plan(now)

    def forget(self, track: Track) -> None:
        """Drop all waiting audio of a stream, without calling its callbacks."""
        self._queue.forget(track)

    @property
    def crowded(self) -> bool:
        """Whether so much waits that conversations should keep little in advance."""
        messages, size = _CROWDED
        return len(self._queue) >= messages or self._queue.size >= size

    def overloaded(self) -> str | None:
        """Return why this process should reject new conversations; `None` while there is room."""
        return self._meter.overloaded()

    def _plan(self, now: float) -> None:
        """Schedule the next batch."""
        when = self._queue.next_batch(now)
        if when is None:
            return
        if self._timer is not None:
            if self._planned <= when:
                return
            self._timer.cancel()
        self._planned = when
        # Also "now" is after all sockets that have something were read: what came at once is predicted at once.
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
        if self._capacity is not None and self._budget:
            least = ended + _TIGHT * self._budget
            tight = sum(job.limit < least for job in jobs)
            self._capacity.served(messages=len(jobs), tight=tight)
        for job in jobs:
            whole = job.answer()
            if whole is None:
                self._metrics.chunks_without_visemes.add("failed")
            if not job.late:
                job.done(whole)

    def _counted(self) -> tuple[int, int]:
        without = self._metrics.chunks_without_visemes
        # Without a budget all is late, by the operator's choice.
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
