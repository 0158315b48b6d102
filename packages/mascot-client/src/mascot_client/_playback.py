"""A queue of audio for a loudspeaker, and the mouth in time with it; without a device or a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_client.smoothing import Smoother
from mascot_client.timeline import Mouth, Timeline

if TYPE_CHECKING:
    from mascot_client._sets import VisemeShapes
    from mascot_client.smoothing import Smoothing
    from mascot_client.visemes import Visemes

_BYTES = 2


class Playback:
    """Queue the audio of messages and return it in buffers, as mono, little-endian PCM16.

    Times are milliseconds of one clock. The silence that the device plays while the queue is empty is part of the
    timeline, so positions stay correct after underruns.

    Args:
        sample_rate: The sample rate in Hz.
        blend_ms: The blend time in milliseconds; see ``Timeline``.
        smoothing: The settings of the smoothing; ``None`` turns it off.
        shapes: The set of shapes; see ``Timeline``.
    """

    def __init__(
        self,
        sample_rate: int,
        blend_ms: float,
        smoothing: Smoothing | None,
        shapes: VisemeShapes = "sapi",
    ) -> None:
        self._rate = sample_rate
        self._timeline = Timeline(blend_ms=blend_ms, shapes=shapes)
        self._smoother = None if smoothing is None else Smoother(smoothing)
        self._queue = bytearray()
        self._half_sample = b""
        self._handed_out = 0

    def add(self, pcm: bytes, visemes: Visemes | None, now_ms: float) -> None:
        """Add the audio of one message to the queue."""
        audio = self._half_sample + pcm
        whole = len(audio) // _BYTES * _BYTES
        self._half_sample = audio[whole:]
        if visemes is not None and self._smoother is not None:
            visemes = self._smoother.push(visemes)
        dry = self._handed_out_ms - self._timeline.end_ms
        if dry > 0:
            self._timeline.add_silence(dry, now_ms=now_ms)
        self._timeline.add(visemes, audio[:whole], sample_rate=self._rate, now_ms=now_ms)
        self._queue += audio[:whole]

    def fill(self, frames: int, now_ms: float, heard_in_ms: float) -> bytes:
        """Return the next buffer for the device, filled up with silence.

        Args:
            frames: The number of samples.
            now_ms: The time of the clock, in milliseconds.
            heard_in_ms: The time until the first sample is played, in milliseconds.
        """
        taken = bytes(self._queue[: frames * _BYTES])
        self._timeline.played(self._handed_out_ms, now_ms=now_ms, in_ms=max(heard_in_ms, 0.0))
        del self._queue[: len(taken)]
        self._handed_out += frames
        return taken.ljust(frames * _BYTES, b"\0")

    def interrupt(self, now_ms: float) -> None:
        """Drop the audio that the device has not received."""
        self._queue.clear()
        self._half_sample = b""
        if self._smoother is not None:
            self._smoother.reset()
        on_its_way = self._handed_out_ms - self._timeline.position(now_ms=now_ms)
        self._timeline.interrupt(now_ms=now_ms, unheard_ms=max(on_its_way, 0.0))

    def mouth(self, now_ms: float) -> Mouth:
        """Return the mouth for the audio that is played now."""
        return self._timeline.mouth(now_ms=now_ms)

    def is_at_rest(self, mouth: Mouth, now_ms: float) -> bool:
        """Return whether a mouth stays unchanged until there is more audio."""
        return self.unheard_ms(now_ms) <= 0 and mouth.weights == self._timeline.rest

    def unheard_ms(self, now_ms: float) -> float:
        """Return the length of the audio that has not been played, in milliseconds."""
        return self._timeline.end_ms - self._timeline.position(now_ms=now_ms)

    @property
    def _handed_out_ms(self) -> float:
        return self._handed_out * 1000 / self._rate
