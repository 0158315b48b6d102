"""The visemes of one playback segment, and which of them are due, without I/O; the caller passes the time."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from livekit.plugins.mascot.messages import VisemeMessage
from livekit.plugins.mascot.playhead import Playhead

if TYPE_CHECKING:
    from collections.abc import Iterable

    import mascot_visemes as mv

__all__ = ["Segment"]

WINDOW_MS: Final = 100.0
"""Length of the audio that one message describes, in milliseconds."""

STALL_S: Final = 0.15
"""Length of an underrun after which an open mouth is closed, in seconds."""


class Segment:
    """The visemes of one speech, and the position up to which they have been published.

    Attributes:
        playhead: The playback position.
        dropped: Whether publishing has ended, because the segment was cleared or has been played.
    """

    def __init__(self, segment_id: str, engine: mv.Engine) -> None:
        self.playhead = Playhead()
        self.dropped = False
        self._id = segment_id
        self._engine = engine
        self._stream: mv.Stream | None = None
        self._rate = 0
        self._base_ms = 0.0
        self._events: list[tuple[float, int | str]] = []
        self._next = 0
        self._sent_ms = 0.0
        self._stalled = False

    def stream(self, sample_rate: int) -> mv.Stream:
        """Return the stream for the next audio. A new sample rate starts a new stream.

        Raises:
            SampleRateError: ``sample_rate`` is not a whole number from 8000 to 48000.
        """
        if self._stream is None or sample_rate != self._rate:
            begun = self._engine.create_stream(sample_rate=sample_rate)
            self.end_stream()
            self._stream, self._rate, self._base_ms = begun, sample_rate, self.playhead.captured_ms
        return self._stream

    def add(self, events: Iterable[mv.VisemeEvent]) -> None:
        """Add events of the stream."""
        self._events += [(self._base_ms + event.time_ms, event.viseme) for event in events]

    def end_stream(self) -> None:
        """End the stream and close the mouth at the end of the audio."""
        if self._stream is not None:
            self.add(self._stream.input_finished())
            self._stream = None

    def abandon_stream(self) -> None:
        """Drop the stream without ending it."""
        self._stream = None

    def due(self, now: float) -> VisemeMessage | None:
        """Return the message to publish now; ``None`` if nothing is due."""
        position = self.playhead.position_ms(now)
        if not self.playhead.running or position + 1 < self._sent_ms:
            return None
        captured = self.playhead.captured_ms
        stalled_at = self._stalled_at()
        if stalled_at is not None and now >= stalled_at:
            self._stalled = True
            return self._message([(0, self._rest)])
        changes: list[tuple[int, int | str]] = []
        if self._stalled and position < captured:
            self._stalled = False
            changes.append((0, self._shape_at(position)))
        self._sent_ms = min(max(position, self._sent_ms) + WINDOW_MS, captured)
        # The event that closes the mouth is at the end of the audio.
        last = captured + 1 if self._sent_ms >= captured else self._sent_ms
        while self._next < len(self._events) and self._events[self._next][0] < last:
            time_ms, viseme = self._events[self._next]
            changes.append((max(round(time_ms - position), 0), viseme))
            self._next += 1
        return self._message(changes)

    def due_at(self) -> float | None:
        """Return the time at which ``due`` returns the next message; ``None`` if it is not known."""
        if self._next == len(self._events) and self._sent_ms >= self.playhead.captured_ms:
            return self._stalled_at()
        return self.playhead.time_of(self._sent_ms)

    def pause(self, now: float) -> VisemeMessage | None:
        """Pause playback and return the message that closes the mouth."""
        self.playhead.pause(now)
        return self.close(now)

    def resume(self, now: float) -> VisemeMessage | None:
        """Resume playback and return the message with the current viseme."""
        self.playhead.resume(now)
        if not self.playhead.running:
            return None
        self._sent_ms = self.playhead.position_ms(now)
        self._next = self._played(self._sent_ms)
        shape = self._shape_at(self._sent_ms)
        return self._message([(0, shape)]) if shape != self._rest else None

    def close(self, now: float) -> VisemeMessage | None:
        """Return the message that closes the mouth immediately; ``None`` if it is closed and stays closed."""
        position = self.playhead.position_ms(now)
        if self._next <= self._played(position) and self._shape_at(position) == self._rest:
            return None
        return self._message([(0, self._rest)], interrupted=True)

    def finish(self) -> VisemeMessage | None:
        """Return the last viseme, after all audio has been played; ``None`` if it was already published."""
        if self._next == len(self._events):
            return None
        self._next = len(self._events)
        return self._message([(0, self._events[-1][1])])

    @property
    def _rest(self) -> int | str:
        """The viseme of the closed mouth."""
        return self._engine.visemes[0]

    def _stalled_at(self) -> float | None:
        """Return the time at which an open mouth is closed because of an underrun; ``None`` if there is none."""
        captured = self.playhead.captured_ms
        over = self._stream is None or self._next < len(self._events) or self._sent_ms < captured
        if over or self._stalled or self._shape_at(captured) == self._rest:
            return None
        dry_at = self.playhead.time_of(captured)
        return None if dry_at is None else dry_at + STALL_S

    def _played(self, position_ms: float) -> int:
        """Return the number of events up to a position."""
        return bisect_right(self._events, position_ms, key=lambda event: event[0])

    def _shape_at(self, position_ms: float) -> int | str:
        """Return the viseme at a position, from the published events only."""
        played = min(self._played(position_ms), self._next)
        return self._events[played - 1][1] if played else self._rest

    def _message(
        self, changes: list[tuple[int, int | str]], *, interrupted: bool = False
    ) -> VisemeMessage | None:
        """Return a message with these changes; ``None`` if there are none."""
        if not changes:
            return None
        return VisemeMessage(self._id, self._engine.shapes, tuple(changes), interrupted)
