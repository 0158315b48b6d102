"""Queued audio of a stream: one job for each message, and the pieces in which it is processed.

Inference on half a second of audio costs a third to a half less than on five messages of 0.1 s. So waiting messages are
processed together, up to that length. A longer message is processed in several pieces, so that it does not block the
event loop.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from mascot_server.inference.predictions import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mascot_server.inference.predictions import VisemeEngine, VisemeStream

__all__ = ["Job", "Piece", "Track"]

_PIECE_SECONDS: Final = 0.5
"""Longest audio of a stream that is processed in one batch."""

_PATIENCE: Final = 24
"""How many budgets the tail of a burst may wait while the client still has other audio to play.

Messages behind it (a transcript, a tool call) wait as long: one second in total with the default budget.
"""

_LEAD: Final = 1 / 3
"""Part of the time until the deadline that such audio may wait in addition.

Prediction of a minute of audio that arrives in one burst takes a second or two, and longer with other conversations.
"""

_MARGIN: Final = 0.25
"""Seconds before its deadline from which audio no longer waits for look-ahead.

They allow for inference and for network jitter on the way to the client.
"""

_FOLLOWING: Final = 5
"""How many budgets audio waits for look-ahead. In a burst the look-ahead arrives sooner."""

_LARGEST_SAMPLE: Final = 2
"""Bytes of a PCM16 sample. A G.711 sample has half as many."""

_MS: Final = 1000


class Job:
    """The audio of one message, queued for prediction.

    Args:
        data: The audio.
        now: Time of arrival.
        due: Playout deadline: when the client's playback position reaches the audio.
        budget: Seconds that the message may be delayed after that while its visemes are computed.
        done: Called once, with the prediction, or with `None` if it is late or failed.
        seconds: Duration of the audio. A long message is predicted in pieces, and has the budget for each.

    Attributes:
        size: Bytes of its audio.
        due: As given.
        done: As given.
        limit: When it is forwarded without visemes. The tail of a burst may wait longer, but not without limit.
        patient_until: Time until which it waits for look-ahead; 0 if it does not wait.
        late: Whether it was forwarded without visemes. Its audio is still processed by its stream.
        left: Bytes of its audio that were not taken yet.
    """

    __slots__ = (
        "_data",
        "_failed",
        "_predicted",
        "done",
        "due",
        "late",
        "left",
        "limit",
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
        self.size = self.left = len(data)
        self.due = due
        lead = max(0.0, due - now)
        pieces = 1 if seconds <= _PIECE_SECONDS else math.ceil(seconds / _PIECE_SECONDS)
        self.limit = now + (min(lead, _PATIENCE * budget + _LEAD * lead) + pieces * budget if budget else 0.0)
        patience = min(lead - _MARGIN, _FOLLOWING * budget)
        self.patient_until = now + patience if patience > 0 else 0.0
        self.done = done
        self.late = False
        self._predicted: list[tuple[int, Prediction]] = []
        self._failed = False

    def peek(self, size: int) -> bytes:
        """Return up to `size` bytes of the audio that was not taken yet."""
        start = self.size - self.left
        return self._data[start : start + size]

    def take(self, size: int) -> bytes:
        """Return up to `size` bytes of that audio, and mark them as taken."""
        data = self.peek(size)
        self.left -= len(data)
        return data

    def collect(self, prediction: Prediction | None, start_ms: int) -> None:
        """Store the prediction of a part of the audio. Parts must come in order.

        Args:
            prediction: The prediction of the part; `None` if it failed.
            start_ms: Time in the stream at which the part begins.
        """
        if prediction is None:
            self._failed = True
        else:
            self._predicted.append((start_ms, prediction))

    def answer(self) -> Prediction | None:
        """Return the prediction of the whole message, once all parts are predicted; `None` if one failed."""
        return None if self._failed else Prediction.joined(self._predicted)


@dataclass(slots=True)
class Part:
    """All or part of the audio of a message.

    Attributes:
        job: The message.
        size: Bytes of its audio.
        finished: Whether it is the last part of the message.
    """

    job: Job
    size: int
    finished: bool


@dataclass(slots=True)
class Piece:
    """Audio of a stream that is processed in one call.

    Attributes:
        track: Its stream.
        audio: The audio.
        lookahead: The audio after the piece, as far as it has arrived.
        parts: The parts of messages that it consists of, in order.
        finished: How many messages end in it.
    """

    track: Track
    audio: bytes
    lookahead: bytes
    parts: Sequence[Part]
    finished: int

    @property
    def seconds(self) -> float:
        """Duration of the audio."""
        return len(self.audio) / self.track.bytes_per_second

    def collect(self, prediction: Prediction | None) -> list[Job]:
        """Split a prediction among the messages.

        Args:
            prediction: The prediction of the audio; `None` if it failed.

        Returns:
            The messages that are complete.
        """
        track, rest = self.track, prediction
        for part in self.parts:
            share, begin = rest, track.time_ms
            if rest is not None:
                track.heard += part.size
                if part is not self.parts[-1]:
                    share, rest = rest.split(track.end_ms - begin, track.time_ms - begin)
            part.job.collect(share, begin)
        return [part.job for part in self.parts if part.finished]


class Track:
    """A viseme stream and its queue of audio.

    Args:
        engine: The engine that runs the stream. Streams of one engine may be processed in one batch.
        stream: The stream.
        bytes_per_second: Bytes of one second of its audio.
        lookahead: Bytes of audio after a piece that improve the prediction of its end.

    Attributes:
        bytes_per_second: As given.
        size: Bytes of audio in the queue.
        heard: Bytes of audio that were processed.
        begun: Whether it has received any audio.
        ended: Whether it receives no more audio.
        waits_for: The first job of the queue, if it waits for look-ahead.
    """

    __slots__ = (
        "_first",
        "_longest",
        "begun",
        "bytes_per_second",
        "ended",
        "engine",
        "heard",
        "jobs",
        "late",
        "lookahead",
        "size",
        "stream",
        "waits_for",
    )

    def __init__(
        self, engine: VisemeEngine, stream: VisemeStream, *, bytes_per_second: int, lookahead: int = 0
    ) -> None:
        self.engine = engine
        self.stream = stream
        self.lookahead = lookahead
        self.bytes_per_second = bytes_per_second
        # A whole number of samples in any encoding.
        self._longest = max(1, round(_PIECE_SECONDS * bytes_per_second) // _LARGEST_SAMPLE) * _LARGEST_SAMPLE
        # Late messages are always in front of the others.
        self.late: deque[Job] = deque()
        self.jobs: deque[Job] = deque()
        self.size = 0
        self.heard = 0
        self.begun = False
        self.ended = False
        self.waits_for: Job | None = None
        self._first = True

    @property
    def time_ms(self) -> int:
        """Length of the audio that was processed, in whole milliseconds."""
        return self.heard * _MS // self.bytes_per_second

    @property
    def end_ms(self) -> int:
        """Length of the audio that was processed, rounded up: frames that begin in it begin before this time."""
        return -(-self.heard * _MS // self.bytes_per_second)

    @property
    def next(self) -> Job:
        """The message that is processed next. The queue must not be empty."""
        return self.late[0] if self.late else self.jobs[0]

    @property
    def ready(self) -> bool:
        """Whether the next audio can be processed without waiting for look-ahead."""
        job = self.next
        # Most messages do not wait at all.
        return not job.patient_until or not self._waits(job) or self.size - self._longest >= self.lookahead

    @property
    def next_size(self) -> int:
        """Bytes of the next piece, if the stream is ready."""
        left = self.next.left
        # The first words of a turn must not be delayed.
        if self._first or left == self.size:
            return min(left, self._longest)
        size = 0
        for job in chain(self.late, self.jobs):
            if self._waits(job):
                size = max(size, self.size - self.lookahead)
                break
            size += job.left
            if size >= self._longest:
                break
        return min(size, self._longest)

    def take(self) -> Piece:
        """Remove the next piece from the queue and return it."""
        left = self.next_size
        self._first = False
        self.size -= left
        parts, audio, finished = [], [], 0
        while True:
            queue = self.late or self.jobs
            job = queue[0]
            data = job.take(left)
            left -= len(data)
            audio.append(data)
            parts.append(Part(job, len(data), finished=not job.left))
            if not job.left:
                queue.popleft()
                finished += 1
            if not left:
                break
        following = self._following() if self.size else b""
        return Piece(self, b"".join(audio), following, parts, finished)

    def _following(self) -> bytes:
        """Return the look-ahead of the piece that was taken, as far as it has arrived."""
        found, missing = [], self.lookahead
        for job in chain(self.late, self.jobs):
            if not missing:
                break
            found.append(job.peek(missing))
            missing -= len(found[-1])
        return b"".join(found)

    def _waits(self, job: Job) -> bool:
        """Return whether a message must wait for look-ahead that has not arrived."""
        return bool(job.patient_until) and not self.ended and not job.late
