"""Which audio is predicted next: order, batches and budgets, decided from clock values alone.

A provider sends a turn's audio faster than the client plays it. The client plays the first message at once, but may
not reach the last message of a long turn for half a minute. So every message has a playout deadline, and the queue
works in that order: a turn that arrives all at once does not delay the first words of another.

Audio with a later deadline waits for the audio that follows it. With that look-ahead the visemes at its end are as
accurate as those of a whole recording. The wait is limited: it ends shortly before the deadline, or earlier.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Final

from mascot_server.inference.predictions import Prediction
from mascot_server.inference.weights import WeightRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mascot_server.inference.pace import Pace
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

_MARGIN: Final = 0.25
"""Seconds before audio is needed, from which on it does not wait for the audio that follows it.

Time for inference and for jitter of the network on the way to the client.
"""

_FOLLOWING: Final = 5
"""How many budgets audio waits for the audio that follows it; a burst brings it sooner."""

_BLOCK_SECONDS: Final = 0.5
"""Longest piece of a message that is predicted in one batch: it takes the loop 4 ms (`lite`) to 12 ms (`default`)."""

_WHOLE_SAMPLES: Final = 8
"""Blocks are so many bytes, or a multiple of it: no sample of any encoding is split."""


class Playout:
    """When the listener of one conversation will need its audio.

    The player is taken to start as soon as a turn's first audio is there, and to play on without a gap as long as
    there is more.
    """

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        self._ends = 0.0

    def restart(self) -> None:
        """Begin a turn: its first audio is needed at once."""
        self._ends = 0.0

    def due(self, now: float, seconds: float) -> float:
        """Return when the next `seconds` of audio, which arrive now, are needed."""
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
        patient_until: How long its last block waits for the audio that follows it; 0 if it does not wait.
        late: Whether it went on without visemes. Its audio still belongs to its stream.
        block: The part of the audio that is to be predicted now.
        lookahead: What is known of the audio after that.
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
        "lookahead",
        "patient_until",
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
        patience = min(lead - _MARGIN, _FOLLOWING * budget)
        self.patient_until = now + patience if patience > 0 else 0.0
        self.done = done
        self.late = False
        self.block = data
        self.lookahead = b""
        self.finished = False
        self._block_size = -(-len(data) // (blocks * _WHOLE_SAMPLES)) * _WHOLE_SAMPLES if blocks > 1 else 0
        self._start = 0
        self._first: tuple[int | str, int] | None = None
        self._changes: list[tuple[int, int | str]] = []
        self._weights: list[WeightRows] = []
        self._failed = False

    @property
    def next_size(self) -> int:
        """Bytes of the part of the audio that is predicted next."""
        return min(self._block_size or self.size, self.size - self._start)

    def peek(self, size: int) -> bytes:
        """Return up to `size` bytes that are not in a block yet."""
        return self._data[self._start : self._start + size]

    def advance(self) -> None:
        """Move on to the next block of the audio."""
        if not self._block_size:
            self._start = self.size
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
        lookahead: Bytes of audio after a message that help to predict the message's end.

    Attributes:
        size: Bytes of its audio that wait.
        begun: Whether it had any audio.
        ended: Whether it gets no more.
        waits_for: The audio in front, if it waits for what follows it.
    """

    __slots__ = (
        "begun",
        "ended",
        "engine",
        "jobs",
        "late",
        "lookahead",
        "size",
        "stream",
        "waits_for",
    )

    def __init__(self, engine: VisemeEngine, stream: VisemeStream, *, lookahead: int = 0) -> None:
        self.engine = engine
        self.stream = stream
        self.lookahead = lookahead
        # What is late is older than what is not.
        self.late: deque[Job] = deque()
        self.jobs: deque[Job] = deque()
        self.size = 0
        self.begun = False
        self.ended = False
        self.waits_for: Job | None = None

    @property
    def next(self) -> Job:
        """Return the job that the stream processes next. There must be one."""
        return self.late[0] if self.late else self.jobs[0]

    @property
    def ready(self) -> bool:
        """Whether the next audio need not wait for what follows it."""
        job = self.next
        return not job.patient_until or self.ended or job.late or self.size - job.next_size >= self.lookahead

    def following(self, job: Job) -> bytes:
        """Return the look-ahead for a block of the next audio, which is still in the queue."""
        found = job.peek(self.lookahead)
        for later in islice(chain(self.late, self.jobs), 1, None):
            if len(found) == self.lookahead:
                break
            found += later.peek(self.lookahead - len(found))
        return found


class DeadlineQueue:
    """All audio that waits.

    Args:
        pace: When batches run, and how many streams share one.
        capacity: How many messages may wait at most.

    Attributes:
        size: Bytes of audio that wait.
    """

    def __init__(self, pace: Pace, *, capacity: int) -> None:
        self._pace = pace
        self._capacity = capacity
        # Streams whose next audio may be predicted, and those whose next audio waits for what follows it.
        self._waiting: dict[VisemeEngine, dict[Track, None]] = {}
        self._patient: list[tuple[float, int, Track, Job]] = []
        self._numbers = count()
        self._count = 0
        self.size = 0

    def __len__(self) -> int:
        return self._count

    def add(self, track: Track, job: Job) -> bool:
        """Append a message's audio to the queue of its stream; return whether there was room."""
        if self._count >= self._capacity:
            return False
        self._count += 1
        self.size += job.size
        track.size += job.size
        if not track.begun:
            # Nobody should wait for the first words.
            track.begun, job.patient_until = True, 0.0
        idle = not track.jobs and not track.late
        track.jobs.append(job)
        if idle or track.waits_for is not None:
            self._place(track)
        return True

    def finish(self, track: Track) -> None:
        """Mark a stream as complete: it gets no more audio."""
        track.ended = True
        if track.waits_for is not None:
            self._place(track)

    def hasten(self, track: Track, until: float) -> None:
        """Let the audio of a stream wait no longer than this for the audio that follows it.

        Args:
            track: The stream.
            until: Time at which it is predicted at the latest.
        """
        for job in track.jobs:
            job.patient_until = min(job.patient_until, until)
        if track.waits_for is not None:
            track.waits_for = None
            self._place(track)

    def forget(self, track: Track) -> None:
        """Drop all waiting audio of a stream."""
        self._count -= len(track.jobs) + len(track.late)
        self.size -= track.size
        track.size = 0
        track.jobs.clear()
        track.late.clear()
        track.waits_for = None
        self._waiting.get(track.engine, {}).pop(track, None)

    def next_batch(self, now: float) -> float | None:
        """Return when the next batch should run; `None` if nothing waits."""
        if not self._count:
            return None
        self.wake(now)
        most = max(map(len, self._waiting.values()), default=0)
        if most:
            return now if most >= self._pace.streams else max(now, self._pace.not_before)
        return self._patient[0][0] if self._patient else None

    def wake(self, now: float) -> None:
        """Release audio for inference that has waited long enough for its look-ahead."""
        patient = self._patient
        while patient and (patient[0][0] <= now or patient[0][2].waits_for is not patient[0][3]):
            _, _, track, job = heapq.heappop(patient)
            if track.waits_for is job:
                job.patient_until = 0.0
                self._place(track)

    def expire(self, now: float) -> list[Job]:
        """Mark and return audio that is late, in the order of each stream. It stays queued for inference."""
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

    def take(self) -> list[tuple[Track, Job]]:
        """Take the next batch: the next audio of each stream of one engine, most urgent first.

        Of a long message it takes a block, and the message stays where it is until its last one.

        What is late anyway comes last, lest it make late what is not.
        """
        engines = [tracks for tracks in self._waiting.values() if tracks]
        if not engines:
            return []
        tracks = engines[0] if len(engines) == 1 else min(engines, key=_most_urgent)
        chosen = list(tracks)
        if len(chosen) > self._pace.streams:
            chosen = heapq.nsmallest(self._pace.streams, chosen, key=_urgency)
        batch = []
        for track in chosen:
            jobs = track.late or track.jobs
            job = jobs[0]
            size = job.next_size
            job.advance()
            track.size -= size
            self.size -= size
            job.lookahead = track.following(job) if track.size else b""
            batch.append((track, job))
            if job.finished:
                jobs.popleft()
                self._count -= 1
            if not track.jobs and not track.late:
                del tracks[track]
            elif track.next.patient_until:
                self._place(track)
        return batch

    def _place(self, track: Track) -> None:
        """Place a stream among those ready for inference, or among those that wait for more audio."""
        waiting = self._waiting.setdefault(track.engine, {})
        if track.ready:
            track.waits_for = None
            waiting[track] = None
            return
        waiting.pop(track, None)
        job = track.next
        if track.waits_for is not job:
            track.waits_for = job
            heapq.heappush(self._patient, (job.patient_until, next(self._numbers), track, job))


def _urgency(track: Track) -> tuple[bool, float]:
    job = track.next
    return job.late, job.due


def _most_urgent(tracks: Iterable[Track]) -> tuple[bool, float]:
    return min(map(_urgency, tracks))
