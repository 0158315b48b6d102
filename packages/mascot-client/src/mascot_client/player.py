"""Play the agent's audio on the loudspeaker and move a mouth in time with the sound.

    from mascot_client.player import VisemePlayer

    with VisemePlayer(draw, sample_rate=24000) as player:   # draw(mouth), up to 60 times a second
        for event in for_openai.listen(connection, VisemeFeed(on_interrupted=player.interrupt)):
            if event.type == "response.output_audio.delta":
                player.play(base64.b64decode(event.delta), for_openai.visemes(event))

Needs ``pip install "mascot-client[player]"``, or your own ``AudioOutput``.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol, Self

from mascot_client._playback import Playback
from mascot_client._sounddevice import SoundDeviceOutput
from mascot_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from mascot_client._sets import VisemeShapes
    from mascot_client.smoothing import Smoothing
    from mascot_client.timeline import Mouth
    from mascot_client.visemes import Visemes

__all__ = ["AudioOutput", "SoundDeviceOutput", "VisemePlayer"]

logger = logging.getLogger(__name__)

_FRAMES_PER_SECOND = 60


class AudioOutput(Protocol):
    """An audio output: a sound card, or another device for mono, little-endian PCM16."""

    def start(self, sample_rate: int, fill: Callable[[int, float], bytes]) -> None:
        """Start playback.

        Args:
            sample_rate: The sample rate in Hz.
            fill: Function to call for each buffer, from any thread. Its arguments are the number of samples, and the
                time in seconds until the first of them is played. It returns exactly that many samples as bytes.
        """

    def stop(self) -> None:
        """Stop playback. The output does not call ``fill`` after this method returns."""


class VisemePlayer:
    """Play audio messages one after the other and report the mouth in time with the loudspeaker.

    Use the player as a context manager, or call ``start()`` and ``close()``. It is safe to use from several threads.

    Args:
        on_mouth: Called with each new ``Mouth``, up to 60 times per second, from a separate thread. An exception in
            it is logged. Leave it out if your drawing loop calls ``mouth()``.
        sample_rate: The sample rate of the audio in Hz: 24000 for OpenAI and Gemini, 16000 for most ElevenLabs agents.
        output: The audio output. The default is the default device of sounddevice.
        smoothing: How much to smooth the visemes; see ``SMOOTHING_PRESETS``. By default they are not smoothed.
        blend_ms: The blend time in milliseconds; see ``Timeline``.
        shapes: The set of shapes, the same as ``viseme_shapes``; see ``Timeline``.
        clock: A monotonic clock that returns seconds.

    Raises:
        ConfigurationError: A number is out of range.
    """

    def __init__(
        self,
        on_mouth: Callable[[Mouth], object] | None = None,
        *,
        sample_rate: int,
        output: AudioOutput | None = None,
        smoothing: Smoothing | None = None,
        blend_ms: float = 80.0,
        shapes: VisemeShapes = "sapi",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if sample_rate <= 0:
            raise ConfigurationError("sample_rate", "must be above 0 Hz")
        self._on_mouth = on_mouth
        self._sample_rate = sample_rate
        self._output = SoundDeviceOutput() if output is None else output
        self._playback = Playback(sample_rate, blend_ms, smoothing, shapes)
        self._clock = clock
        self._changed = threading.Condition()
        self._closing = False
        self._driver: threading.Thread | None = None

    def start(self) -> None:
        """Open the audio output and start playback.

        Raises:
            MissingExtraError: Sounddevice is not installed.
            AudioDeviceError: PortAudio is not installed, or there is no such device.
        """
        self._output.start(self._sample_rate, self._fill)
        if self._on_mouth is not None:
            self._driver = threading.Thread(
                target=self._drive, args=(self._on_mouth,), name="mascot-mouth", daemon=True
            )
            self._driver.start()

    def play(self, pcm: bytes, visemes: Visemes | None = None) -> None:
        """Add the audio of one message to the end of the queue.

        Args:
            pcm: The audio, mono, little-endian PCM16.
            visemes: The payload of the audio. Without a payload, the loudness of the audio moves the mouth.
        """
        with self._changed:
            self._playback.add(pcm, visemes, self._now_ms())
            self._changed.notify_all()

    def interrupt(self) -> None:
        """Drop the audio that has not been played, and close the mouth.

        The sound card may still play some milliseconds of audio that it already has.
        """
        with self._changed:
            self._playback.interrupt(self._now_ms())
            self._changed.notify_all()

    def mouth(self) -> Mouth:
        """Return the mouth for the audio that is played now."""
        with self._changed:
            return self._playback.mouth(self._now_ms())

    def unheard_ms(self) -> float:
        """Return the length of the audio that has not been played, in milliseconds."""
        with self._changed:
            return self._playback.unheard_ms(self._now_ms())

    def wait(self) -> None:
        """Block until all audio has been played, or the player is closed."""
        with self._changed:
            while not self._closing and self._playback.unheard_ms(self._now_ms()) > 0:
                self._changed.wait(1 / _FRAMES_PER_SECOND)

    def close(self) -> None:
        """Stop playback immediately and close the audio output."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._output.stop()
        if self._driver is not None and self._driver is not threading.current_thread():
            self._driver.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _now_ms(self) -> float:
        return self._clock() * 1000

    def _fill(self, frames: int, heard_in_s: float) -> bytes:
        with self._changed:
            return self._playback.fill(frames, self._now_ms(), heard_in_s * 1000)

    def _drive(self, on_mouth: Callable[[Mouth], object]) -> None:
        shown: object = None
        while True:
            with self._changed:
                if self._closing:
                    return
                now = self._now_ms()
                mouth = self._playback.mouth(now)
                looks = (mouth.viseme, dict(mouth.weights), mouth.speaking)
                if looks == shown:
                    resting = self._playback.is_at_rest(mouth, now)
                    self._changed.wait(None if resting else _pause_s(mouth))
                    continue
            shown = looks
            try:
                on_mouth(mouth)
            except Exception:
                logger.exception("on_mouth failed; playback continues")


def _pause_s(mouth: Mouth) -> float:
    frame = 1 / _FRAMES_PER_SECOND
    return frame if mouth.next_in_ms is None else min(frame, mouth.next_in_ms / 1000)
