"""A loudspeaker that makes no sound: ``Timeline`` where ``VisemePlayer`` has nothing to play on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mascot_client import Timeline

if TYPE_CHECKING:
    from mascot_client import Mouth, Visemes

__all__ = ["SilentPlayer"]


class SilentPlayer:
    """Plays into nothing, as fast as a loudspeaker would: the part of ``VisemePlayer`` that needs no sound card.

    Args:
        sample_rate: Of the audio, in Hz.
        speed: How many times faster than real time.
    """

    def __init__(self, sample_rate: int, speed: float) -> None:
        self._sample_rate = sample_rate
        self._speed = speed
        self._timeline = Timeline()
        self._lock = threading.Lock()

    def play(self, pcm: bytes, visemes: Visemes | None = None) -> None:
        """Plays one message's audio after what there is."""
        with self._lock:
            now = self.now_ms()
            self._timeline.add(visemes, pcm, sample_rate=self._sample_rate, now_ms=now)
            # What is heard is what the timeline says is heard; the first time starts it.
            self._timeline.played(self._timeline.position(now_ms=now), now_ms=now)

    def interrupt(self) -> None:
        """Drops what was not heard."""
        with self._lock:
            self._timeline.interrupt(now_ms=self.now_ms())

    def mouth(self) -> Mouth:
        """The mouth now."""
        with self._lock:
            return self._timeline.mouth(now_ms=self.now_ms())

    def unheard_ms(self) -> float:
        """Milliseconds of audio that are still to be heard."""
        with self._lock:
            return self._timeline.end_ms - self._timeline.position(now_ms=self.now_ms())

    def wait(self) -> None:
        """Waits until all is heard."""
        while (left := self.unheard_ms()) > 0:
            time.sleep(left / 1000 / self._speed)

    def now_ms(self) -> float:
        """The clock."""
        return time.monotonic() * 1000 * self._speed
