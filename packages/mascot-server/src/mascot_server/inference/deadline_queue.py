"""The deadline queue: order, batches and budgets of waiting audio, decided from clock values alone.

A provider sends a turn's audio faster than the client plays it. The client plays the first message at once, but may
reach the last message of a long turn half a minute later. So every message has a playout deadline, and the queue is
processed in that order: a turn that arrives in one burst does not delay the first words of another.

Audio with a later deadline waits for the audio that follows it. With that look-ahead the visemes at its end are as
accurate as those of a whole recording, and inference on several messages together costs less. The wait is limited: it
ends shortly before the deadline, or earlier.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mascot_server.inference.jobs import Job, Piece, Track
    from mascot_server.inference.pace import Pace
    from mascot_server.inference.predictions import VisemeEngine

__all__ = ["DeadlineQueue"]


class _Ready:
    """Streams of one engine whose next audio can be predicted.

    Attributes:
        seconds: Duration of the next pieces of all of them.
    """

    __slots__ = ("_pieces", "seconds")

    def __init__(self) -> None:
        self._pieces: dict[Track, float] = {}
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Track]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def put(self, track: Track) -> None:
        """Add a stream, or note that its next piece has changed."""
        before = self._pieces.get(track, 0.0)
        seconds = self._pieces[track] = track.next_size / track.bytes_per_second
        self.seconds += seconds - before

    def drop(self, track: Track) -> None:
        """Remove a stream, if it is there."""
        self.seconds -= self._pieces.pop(track, 0.0)
        if not self._pieces:
            self.seconds = 0.0

    def choose(self, streams: int, seconds: float) -> list[Track]:
        """Return the most urgent streams, at least one, up to a number of streams and seconds of audio."""
        if len(self._pieces) <= streams and self.seconds <= seconds:
            return list(self._pieces)
        chosen: list[Track] = []
        for track in heapq.nsmallest(streams, self._pieces, key=_urgency):
            seconds -= self._pieces[track]
            if chosen and seconds < 0:
                break
            chosen.append(track)
        return chosen


class DeadlineQueue:
    """A queue of all audio that waits for inference.

    Args:
        pace: Time and size of the batches.
        capacity: Most messages that may wait.

    Attributes:
        size: Bytes of audio that wait.
    """

    def __init__(self, pace: Pace, *, capacity: int) -> None:
        self._pace = pace
        self._capacity = capacity
        # Streams whose next audio may be predicted, and those whose next audio waits for what follows it.
        self._waiting: dict[VisemeEngine, _Ready] = {}
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
            # The first words of a turn must not be delayed.
            track.begun, job.patient_until = True, 0.0
        track.jobs.append(job)
        self._place(track)
        return True

    def finish(self, track: Track) -> None:
        """Mark a stream as complete: no more audio follows."""
        track.ended = True
        if track.jobs:
            self._place(track)
        else:
            # Nothing depends on audio that was too late.
            self.forget(track)

    def hasten(self, track: Track, until: float) -> None:
        """Limit the time for which the audio of a stream waits for look-ahead.

        Args:
            track: The stream.
            until: Latest time at which the audio becomes ready for inference.
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
        if (ready := self._waiting.get(track.engine)) is not None:
            ready.drop(track)

    def next_batch(self, now: float) -> float | None:
        """Return when the next batch should run; `None` if nothing waits."""
        if not self._count:
            return None
        self.wake(now)
        pace, found = self._pace, False
        for ready in self._waiting.values():
            if ready.seconds >= pace.seconds or len(ready) >= pace.most_streams:
                return now
            found = found or len(ready) > 0
        if found:
            return max(now, pace.not_before)
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
        """Mark and return messages that missed their deadline, in order within each stream.

        Their audio stays queued for inference, because later messages of the stream depend on it. If the stream is
        complete and has no others, it is dropped.
        """
        late, over = [], []
        for tracks in self._waiting.values():
            for track in tracks:
                jobs = track.jobs
                while jobs and jobs[0].limit <= now:
                    job = jobs.popleft()
                    job.late = True
                    track.late.append(job)
                    late.append(job)
                if track.ended and not jobs:
                    over.append(track)
        for track in over:
            self.forget(track)
        return late

    def take(self) -> list[Piece]:
        """Take the next batch: the next audio of streams of one engine, the most urgent streams first.

        Audio that has already missed its deadline comes last, so that it does not delay audio that can still meet its
        deadline.
        """
        engines = [ready for ready in self._waiting.values() if ready]
        if not engines:
            return []
        ready = engines[0] if len(engines) == 1 else min(engines, key=_most_urgent)
        batch = []
        for track in ready.choose(self._pace.most_streams, self._pace.seconds):
            piece = track.take()
            self.size -= len(piece.audio)
            self._count -= piece.finished
            batch.append(piece)
            if track.late or track.jobs:
                self._place(track)
            else:
                ready.drop(track)
        return batch

    def _place(self, track: Track) -> None:
        """Move a stream to those that are ready for inference, or to those that wait for look-ahead."""
        waiting = self._waiting.get(track.engine)
        if waiting is None:
            waiting = self._waiting[track.engine] = _Ready()
        if track.ready:
            track.waits_for = None
            waiting.put(track)
            return
        waiting.drop(track)
        job = track.next
        if track.waits_for is not job:
            track.waits_for = job
            heapq.heappush(self._patient, (job.patient_until, next(self._numbers), track, job))


def _urgency(track: Track) -> tuple[bool, float]:
    job = track.next
    return job.late, job.due


def _most_urgent(tracks: Iterable[Track]) -> tuple[bool, float]:
    return min(map(_urgency, tracks))
