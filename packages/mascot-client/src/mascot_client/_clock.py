"""Where playback is, between what the player last said and now.

The player's clock and the caller's are two quartz crystals: they drift. A player also says where it is only now
and then, and late. So small differences are walked off by running a little faster or slower, large ones are
taken at once, and the position never runs backwards unless playback really went back.
"""

from __future__ import annotations

import math

_WALK_OFF_MS = 500.0
"""How long a small difference takes to disappear. A drift of 1 % then leaves an error of 5 ms."""

_SMALL_MS = 25.0
"""Up to here a difference is walked off. Viewers notice it from about 45 ms on (ITU-R BT.1359)."""

_WENT_BACK_MS = 500.0
"""A report this far behind means that playback went back; a lesser one that it stood still for a while."""


class PlaybackClock:
    """Position in the audio as a function of the caller's clock. All numbers are milliseconds.

    Attributes:
        ended_at: When, by the caller's clock, the audio ran out; infinite while there is some.
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
        """Position now, at most ``end_ms``. At the end the clock stands until there is more."""
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
        """How long the position will still stand: until a buffer that is on its way is heard, or for ever."""
        return max(self._reached - self._raw(now_ms), 0.0) if self._running else math.inf

    def report(self, position_ms: float, now_ms: float, end_ms: float) -> None:
        """Take note of where the player is."""
        before = self.position(now_ms, end_ms)
        error = position_ms - before
        # After standing at the end nobody knows when the player went on, so that its word is taken as it is.
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
        """Stand still until the next report."""
        self._reached = self.position(now_ms, end_ms)
        self._running = False

    def jump(self, position_ms: float, now_ms: float) -> None:
        """Go to a position, forwards or back; running goes on, standing stays standing."""
        self._reached = position_ms
        self._anchor(position_ms, now_ms)

    def _raw(self, now_ms: float) -> float:
        return self._anchor_position + (now_ms - self._anchor_now) * self._rate

    def _anchor(self, position_ms: float, now_ms: float) -> None:
        self._anchor_position, self._anchor_now, self._rate = position_ms, now_ms, 1.0
