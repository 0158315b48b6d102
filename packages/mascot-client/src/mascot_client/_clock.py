"""The playback position between the player's reports.

The player's clock and the caller's clock drift apart, and players report their position only sometimes, and late. Small
differences are therefore corrected gradually, by running slightly faster or slower. Large differences are corrected
immediately. The position never moves backwards unless the playback did.
"""

from __future__ import annotations

import math

_WALK_OFF_MS = 500.0
"""Time to correct a small difference, in milliseconds. With a drift of 1 % an error of 5 ms remains."""

_SMALL_MS = 25.0
"""Differences up to this limit are corrected gradually. Viewers notice about 45 ms and more (ITU-R BT.1359)."""

_WENT_BACK_MS = 500.0
"""A report that is this far behind means that the playback moved back; a smaller one means that it stalled."""


class PlaybackClock:
    """The position in the audio as a function of the caller's clock. All numbers are milliseconds.

    Attributes:
        ended_at: The time on the caller's clock at which the audio ended; infinite while there is audio.
    """

    def __init__(self) -> None:
        self.ended_at = math.inf
        self._running = False
        self._stood = False
        self._anchor_position = 0.0
        self._anchor_now = 0.0
        self._rate = 1.0
        self._reached = 0.0

    def position(self, now_ms: float, end_ms: float) -> float:
        """Return the position now, at most ``end_ms``. The clock stops at the end until there is more audio."""
        if not self._running:
            return min(self._reached, end_ms)
        raw = self._raw(now_ms)
        if raw < end_ms:
            self.ended_at = math.inf
        else:
            passed = self._anchor_now + (end_ms - self._anchor_position) / self._rate
            self.ended_at = min(self.ended_at, passed)
            self._anchor(end_ms, now_ms)
            self._stood = True
            raw = end_ms
        self._reached = min(max(raw, self._reached), end_ms)
        return self._reached

    def wait_ms(self, now_ms: float) -> float:
        """Return how long the position stays unchanged: until the next buffer is played, or infinite."""
        return max(self._reached - self._raw(now_ms), 0.0) if self._running else math.inf

    def report(self, position_ms: float, now_ms: float, end_ms: float) -> None:
        """Process a report of the player's position."""
        before = self.position(now_ms, end_ms)
        error = position_ms - before
        # After a stop at the end, the time at which the player continued is unknown, so its report is used directly.
        if not self._running or self._stood or abs(error) > _SMALL_MS:
            if -error > _WENT_BACK_MS:
                self._reached = max(position_ms, 0.0)
            self._anchor(position_ms, now_ms)
        else:
            self._anchor(self._raw(now_ms), now_ms)
            self._rate = 1 + (position_ms - self._anchor_position) / _WALK_OFF_MS
        self._running = True
        self._stood = position_ms >= end_ms

    def pause(self, now_ms: float, end_ms: float) -> None:
        """Stop until the next report."""
        self._reached = self.position(now_ms, end_ms)
        self._running = False

    def jump(self, position_ms: float, now_ms: float) -> None:
        """Move to a position, forwards or back. The clock keeps running, or stays stopped."""
        self._reached = position_ms
        self._anchor(position_ms, now_ms)

    def _raw(self, now_ms: float) -> float:
        return self._anchor_position + (now_ms - self._anchor_now) * self._rate

    def _anchor(self, position_ms: float, now_ms: float) -> None:
        self._anchor_position, self._anchor_now, self._rate = position_ms, now_ms, 1.0
