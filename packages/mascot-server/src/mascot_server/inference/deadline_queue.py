"""Which audio is predicted next: order, batches and budgets, decided from clock values alone.

A provider sends a turn's audio faster than it is played. Its first message is the one a listener waits for; the last
of a long turn may be needed in half a minute. So every message has the time at which its listener will need it, and
the agenda works in that order: a turn that comes all at once does not hold up the first words of another.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import TYPE_CHECKING, Final

from mascot_server.inference.predictions import Prediction
from mascot_server.inference.weights import WeightRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mascot_server.inference.predictions import VisemeEngine, VisemeStream

__all__ = ["DeadlineQueue", "Job", "Playout", "Track"]

_PATIENCE: Final = 24
"""How many budgets the tail of a burst may wait while its listener still has other audio to play.

What comes behind it (a transcript, a tool call) waits as long: with the default budget a second altogether.
"""

_LEAD: Final = 1 / 3
"""Part of the time until it is needed that such audio may wait on top.

A minute of audio that comes all at once takes a second or two to predict, and longer where others are served as well.
"""

_BLOCK_SECONDS: Final = 0.5
"""Longest piece of a message that is predicted in one batch: it takes the loop 4 ms (`lite`) to 12 ms (`default`)."""

_WHOLE_SAMPLES: Final = 8
"""Blocks are so many bytes, or a multiple of it: no sample of any encoding is split."""


_SHARE: Final = 4
"""Of the event loop's time batches take one part in so many, while they are not full."""


class Playout:
    """When the listener of one conversation will need its audio.

    The player is taken to start as soon as a turn's first audio is there, and to play on without a gap as long as
    there is more.
    """

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        self._ends = 0.0

    def restart(self) -> None:
        """Begins a turn: its first audio is needed at once."""
        self._ends = 0.0

    def due(self, now: float, seconds: float) -> float:
        """When the next `seconds` of audio, which come now, are needed."""
        due = max(now, self._ends)
        self._ends = due + seconds
        return due


class Job:
    """One message's audio, to be predicted.

    Args:
        data: The audio.
        now: When it came.
        due: When its listener will need it.
        budget: Seconds that it may be held for its visemes after that.
        done: Called once, with the prediction, or with `None` if that is late or failed.
        seconds: How long the audio plays. A long message is predicted in blocks, and has the budget for each.

    Attributes:
        size: Bytes of its audio.
        limit: When it goes on without visemes. A tail of a burst waits for its listener, but not for ever.
        late: Whether it went on without visemes. Its audio still belongs to its stream.
        block: The part of the audio that is to be predicted now.
        finished: Whether that is its last part.
    """

    __slots__ = (
        "_block_size",
        "_changes",
        "_data",
        "_failed",
        "_first",
        "_start",
        "_weights",
        "block",
        "done",
        "due",
        "finished",
        "late",
        "limit",
        "size",
    )

    def __init__(
        self,
        data: bytes,
        *,
        now: float,
        due: float,
        budget: float,
        done: Callable[[Prediction | None], None],
        seconds: float = 0.0,
    ) -> None:
        self._data = data
        self.size = len(data)
        self.due = due
        lead = max(0.0, due - now)
        blocks = max(1, math.ceil(seconds / _BLOCK_SECONDS))
        self.limit = now + (min(lead, _PATIENCE * budget + _LEAD * lead) + blocks * budget if budget else 0.0)
        self.done = done
        self.late = False
        self.block = data
        self.finished = False
        self._block_size = -(-len(data) // (blocks * _WHOLE_SAMPLES)) * _WHOLE_SAMPLES if blocks > 1 else 0
        self._start = 0
        self._first: tuple[int | str, int] | None = None
        self._changes: list[tuple[int, int | str]] = []
        self._weights: list[WeightRows] = []
        self._failed = False

    def advance(self) -> None:
        """Makes the next part of the audio the one to be predicted."""
        if not self._block_size:
            self.finished = True
            return
        end = self._start + self._block_size
        self.block = self._data[self._start : end]
        self._start = end
        self.finished = end >= len(self._data)

    def collect(self, prediction: Prediction | None, start_ms: int) -> Prediction | None:
        """Take the prediction of a block; return that of the whole message once its last block is there.

        Args:
            prediction: What it said; `None` if it failed.
            start_ms: Time of the stream where the block begins.

        Returns:
            The prediction for the whole message, after its last block; `None` before that, or if a block failed.
        """
        if not self._block_size:
            return prediction
        if prediction is None:
            self._failed = True
            return None
        if self._first is None:
            self._first = prediction.before, start_ms
        before, beginning = self._first
        self._changes += [(offset + start_ms - beginning, shape) for offset, shape in prediction.changes]
        if prediction.weights is not None:
            self._weights.append(prediction.weights)
        if self._failed or not self.finished:
            return None
        weights = WeightRows.joined(self._weights) if self._weights else None
        return Prediction(before, tuple(self._changes), weights)


class Track:
    """A viseme stream and its audio that waits, in order.

    Args:
        engine: What runs the stream. Streams of one engine may share a batch.
        stream: The stream.
    """

    __slots__ = ("engine", "jobs", "late", "stream")

    def __init__(self, engine: VisemeEngine, stream: VisemeStream) -> None:
        self.engine = engine
        self.stream = stream
        # What is late is older than what is not.
        self.late: deque[Job] = deque()
        self.jobs: deque[Job] = deque()

    @property
    def next(self) -> Job:
        """What the stream hears next; there is some."""
        return self.late[0] if self.late else self.jobs[0]


class DeadlineQueue:
    """All audio that waits.

    Args:
        batch_size: How many streams share a batch at most.
        spacing: Least and most seconds from the start of a batch to the next one's, unless a whole batch waits. With
            little to do nothing waits for it; with much to do it is what makes batches.
        capacity: How many messages may wait at most.

    Attributes:
        size: Bytes of audio that wait.
    """

    def __init__(self, *, batch_size: int, spacing: tuple[float, float], capacity: int) -> None:
        self._batch_size = batch_size
        self._spacing = spacing
        self._capacity = capacity
        self._waiting: dict[VisemeEngine, dict[Track, None]] = {}
        self._count = 0
        self._not_before = 0.0
        self.size = 0

    def __len__(self) -> int:
        return self._count

    def add(self, track: Track, job: Job) -> bool:
        """Puts a message's audio behind what its stream already has to hear; returns whether there was room."""
        if self._count >= self._capacity:
            return False
        self._count += 1
        self.size += job.size
        self._waiting.setdefault(track.engine, {})[track] = None
        track.jobs.append(job)
        return True

    def forget(self, track: Track) -> None:
        """Drops all audio of a stream that nobody needs any more."""
        self._count -= len(track.jobs) + len(track.late)
        self.size -= sum(job.size for jobs in (track.jobs, track.late) for job in jobs)
        track.jobs.clear()
        track.late.clear()
        self._waiting.get(track.engine, {}).pop(track, None)

    def next_batch(self, now: float) -> float | None:
        """When the next batch should run; `None` if nothing waits."""
        if not self._count:
            return None
        if any(len(tracks) >= self._batch_size for tracks in self._waiting.values()):
            return now
        return max(now, self._not_before)

    def expire(self, now: float) -> list[Job]:
        """Marks what is late by now and returns it, for each stream in order. It still waits to be heard."""
        late = []
        for tracks in self._waiting.values():
            for track in tracks:
                jobs = track.jobs
                while jobs and jobs[0].limit <= now:
                    job = jobs.popleft()
                    job.late = True
                    track.late.append(job)
                    late.append(job)
        return late

    def ran(self, began: float, ended: float) -> None:
        """Notes how long a batch took; the next one leaves the loop to others for some times as long."""
        least, most = self._spacing
        self._not_before = began + min(max(least, _SHARE * (ended - began)), most)

    def take(self) -> list[tuple[Track, Job]]:
        """Takes the next batch: of the streams of one engine, each one's next audio, the most urgent first.

        Of a long message it takes a block, and the message stays where it is until its last one.

        What is late anyway comes last, lest it make late what is not.
        """
        engines = [tracks for tracks in self._waiting.values() if tracks]
        if not engines:
            return []
        tracks = engines[0] if len(engines) == 1 else min(engines, key=_most_urgent)
        chosen = list(tracks)
        if len(chosen) > self._batch_size:
            chosen = heapq.nsmallest(self._batch_size, chosen, key=_urgency)
        batch = []
        for track in chosen:
            jobs = track.late or track.jobs
            job = jobs[0]
            job.advance()
            batch.append((track, job))
            if job.finished:
                jobs.popleft()
                self._count -= 1
                self.size -= job.size
                if not track.jobs and not track.late:
                    del tracks[track]
        return batch


def _urgency(track: Track) -> tuple[bool, float]:
    job = track.next
    return job.late, job.due


def _most_urgent(tracks: Iterable[Track]) -> tuple[bool, float]:
    return min(map(_urgency, tracks))
