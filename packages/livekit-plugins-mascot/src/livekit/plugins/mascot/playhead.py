"""Where playback is in the audio of one segment. No I/O: the caller brings the time."""

from __future__ import annotations

from typing import Final

__all__ = ["Playhead"]

DISCARDED_MS: Final = 200.0
"""What LiveKit's room output throws away when it is paused: the queue of its audio source."""


class Playhead:
    """Follows a sink that plays in real time what it is given, and waits where it is given nothing.

    Attributes:
        captured_ms: Length of the audio given to the sink.
    """

    def __init__(self) -> None:
        self.captured_ms = 0.0
        self._position_ms = 0.0
        self._since: float | None = None
        self._begun = self._paused = False

    @property
    def running(self) -> bool:
        """Whether playback has begun and is not paused."""
        return self._since is not None

    def start(self, now: float) -> None:
        """Note that the first sample is played now."""
        if not self._begun:
            self._begun = True
            self._since = None if self._paused else now

    def capture(self, now: float, duration_ms: float) -> None:
        """Note that the sink was given more audio; after an underrun it plays from now on."""
        if self.running and self.position_ms(now) >= self.captured_ms:
            self._anchor(now, self.captured_ms)
        self.captured_ms += duration_ms

    def report(self, now: float, position_ms: float) -> None:
        """Note that the sink has finished a run of playback at a position.

        LiveKit's room output reports it when it begins to play again after an underrun, and when it drops its queue
        because it is paused.
        """
        if self.running:
            self._anchor(now, position_ms)
        elif self._paused and self._begun:
            self._position_ms = min(position_ms + DISCARDED_MS, self.captured_ms)

    def pause(self, now: float) -> None:
        """Note that the sink was paused."""
        self._position_ms = self.position_ms(now)
        self._since = None
        self._paused = True

    def resume(self, now: float) -> None:
        """Note that the sink plays on."""
        self._paused = False
        if self._begun and self._since is None:
            self._since = now

    def position_ms(self, now: float) -> float:
        """Return how much has been played."""
        if self._since is None:
            return self._position_ms
        return min(self._position_ms + 1000 * (now - self._since), self.captured_ms)

    def time_of(self, position_ms: float) -> float | None:
        """Return when a position is played if the sink does not stall; none while it does not play."""
        if self._since is None:
            return None
        return self._since + (position_ms - self._position_ms) / 1000

    def _anchor(self, now: float, position_ms: float) -> None:
        """Note that a position is played now."""
        self._position_ms, self._since = position_ms, now
