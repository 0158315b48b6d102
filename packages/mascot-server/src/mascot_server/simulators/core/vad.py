"""Energy-based voice activity detection. Times are positions in the audio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOUD_RMS = 500.0
"""Root mean square of a frame from which it counts as speech, about -36 dBFS."""

START_MS = 120
STOP_MS = 300
_FRAME_MS = 20


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The user has been loud for long enough.

    Attributes:
        at_ms: where that began, in ms of audio since the connection opened.
    """

    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The user has been quiet for long enough.

    Attributes:
        at_ms: where that began, in ms of audio since the connection opened.
    """

    at_ms: int


class VoiceActivity:
    """Voice activity detector for the audio of one user, in frames of 20 ms.

    Args:
        sample_rate: rate of the audio in Hz.
        stop_ms: duration of silence that ends the user's turn.
    """

    def __init__(self, sample_rate: int, *, stop_ms: int = STOP_MS) -> None:
        self.sample_rate = sample_rate
        self.stop_ms = stop_ms
        self.speaking = False
        self._frame = sample_rate * _FRAME_MS // 1000
        self._carried = np.empty(0, np.int16)
        self._position_ms = 0
        # How long the level has been on the side of the threshold that contradicts `speaking`.
        self._contrary_ms = 0

    def feed(self, samples: NDArray[np.int16]) -> list[SpeechStarted | SpeechStopped]:
        """Process the next samples (int16, any number) and return the resulting events."""
        samples = np.concatenate((self._carried, samples))
        whole = len(samples) // self._frame * self._frame
        self._carried = samples[whole:]
        frames = samples[:whole].reshape(-1, self._frame).astype(np.float64)
        changes: list[SpeechStarted | SpeechStopped] = []
        for level in np.sqrt(np.mean(np.square(frames), axis=1)):
            self._position_ms += _FRAME_MS
            if (level >= LOUD_RMS) == self.speaking:
                self._contrary_ms = 0
                continue
            self._contrary_ms += _FRAME_MS
            if self._contrary_ms >= (self.stop_ms if self.speaking else START_MS):
                changes.append(self._turn())
        return changes

    def finish(self) -> list[SpeechStarted | SpeechStopped]:
        """Finish the audio: a user who was speaking has stopped."""
        return [self._turn()] if self.speaking else []

    def _turn(self) -> SpeechStarted | SpeechStopped:
        self.speaking = not self.speaking
        at_ms = self._position_ms - self._contrary_ms
        self._contrary_ms = 0
        return SpeechStarted(at_ms) if self.speaking else SpeechStopped(at_ms)
