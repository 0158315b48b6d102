"""The playback position in the audio of one segment, without I/O; the caller passes the time in seconds."""

from __future__ import annotations

from typing import Final

__all__ = ["Playhead"]

DISCARDED_MS: Final = 200.0
"""Audio that LiveKit's room output drops when it is paused, in milliseconds: the queue of its audio source."""


class Playhead:
    """Track an audio output that plays in real time and waits while it has no audio.

    Attributes:
        captured_ms: Length of the audio sent to the output, in milliseconds.
    """

    def __init__(self) -> None:
        self.captured_ms = 0.0
        self._position_ms = 0.0
        self._since: float | None = None
        self._begun = self._paused = False

    @property
    def running(self) -> bool:
        """Whether playback has started and is not paused."""
        return self._since is not None

    def start(self, now: float) -> None:
        """Record that the first sample is played now."""
        if not self._begun:
            self._begun = True
            self._since = None if self._paused else now

    def capture(self, now: float, duration_ms: float) -> None:
        """Record that more audio was sent to the output. After an underrun it is played immediately."""
        if self.running and self.position_ms(now) >= self.captured_ms:
            self._anchor(now, self.captured_ms)
        self.captured_ms += duration_ms

    def report(self, now: float, position_ms: float) -> None:
        """Record that the output stopped playing at a position.

        LiveKit's room output reports this when it resumes after an underrun, and when it drops its queue because of a
        pause.
        """
        if self.running:
            self._anchor(now, position_ms)
        elif self._paused and self._begun:
            self._position_ms = min(position_ms + DISCARDED_MS, self.captured_ms)

    def pause(self, now: float) -> None:
        """Record that the output was paused."""
        self._position_ms = self.position_ms(now)
        self._since = None
        self._paused = True

    def resume(self, now: float) -> None:
        """Record that the output resumed."""
        self._paused = False
        if self._begun and self._since is None:
            self._since = now

    def position_ms(self, now: float) -> float:
        """Return the length of the audio that has been played, in milliseconds."""
        if self._since is None:
            return self._position_ms
        return min(self._position_ms + 1000 * (now - self._since), self.captured_ms)

    def time_of(self, position_ms: float) -> float | None:
        """Return the time at which a position is played; ``None`` while the output does not play."""
        if self._since is None:
            return None
        return self._since + (position_ms - self._position_ms) / 1000

    def _anchor(self, now: float, position_ms: float) -> None:
        """Record that a position is played now."""
        self._position_ms, self._since = position_ms, now
