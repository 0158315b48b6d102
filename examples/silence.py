"""A player without sound: use ``Timeline`` where ``VisemePlayer`` has no audio output."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mascot_client import Timeline

if TYPE_CHECKING:
    from mascot_client import Mouth, Visemes

__all__ = ["SilentPlayer"]


class SilentPlayer:
    """Play audio in real time without sound, like ``VisemePlayer`` without a sound card.

    Args:
        sample_rate: The sample rate of the audio in Hz.
        speed: The speed, as a multiple of real time.
    """

    def __init__(self, sample_rate: int, speed: float) -> None:
        self._sample_rate = sample_rate
        self._speed = speed
        self._timeline = Timeline()
        self._lock = threading.Lock()

    def play(self, pcm: bytes, visemes: Visemes | None = None) -> None:
        """Add the audio of one message to the end of the queue."""
        with self._lock:
            now = self.now_ms()
            self._timeline.add(visemes, pcm, sample_rate=self._sample_rate, now_ms=now)
            # The timeline's own position is reported as the playback position; the first report starts it.
            self._timeline.played(self._timeline.position(now_ms=now), now_ms=now)

    def interrupt(self) -> None:
        """Drop the audio that has not been played."""
        with self._lock:
            self._timeline.interrupt(now_ms=self.now_ms())

    def mouth(self) -> Mouth:
        """Return the mouth now."""
        with self._lock:
            return self._timeline.mouth(now_ms=self.now_ms())

    def unheard_ms(self) -> float:
        """Return the length of the audio that has not been played, in milliseconds."""
        with self._lock:
            return self._timeline.end_ms - self._timeline.position(now_ms=self.now_ms())

    def wait(self) -> None:
        """Wait until all audio has been played."""
        while (left := self.unheard_ms()) > 0:
            time.sleep(left / 1000 / self._speed)

    def now_ms(self) -> float:
        """Return the time of the clock in milliseconds."""
        return time.monotonic() * 1000 * self._speed
