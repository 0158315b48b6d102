"""Audio output with sounddevice (PortAudio). It is imported on first use, because PortAudio may not be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_client._extras import needs
from mascot_client.errors import AudioDeviceError

if TYPE_CHECKING:
    from collections.abc import Callable


class SoundDeviceOutput:
    """Play audio on a sound card.

    Args:
        device: The number or name of the device; ``python -m sounddevice`` lists them. The default is the default
            device of sounddevice.
        latency: How much audio the sound card buffers: ``"low"``, ``"high"`` or a number of seconds. The mouth is
            delayed by the same time.
    """

    def __init__(self, *, device: int | str | None = None, latency: float | str = "low") -> None:
        self._device = device
        self._latency = latency
        self._stream: Any = None

    def start(self, sample_rate: int, fill: Callable[[int, float], bytes]) -> None:
        """Open the device and play the audio that ``fill`` returns.

        Args:
            sample_rate: The sample rate in Hz.
            fill: The function that returns audio; see ``AudioOutput``.

        Raises:
            MissingExtraError: Sounddevice is not installed.
            AudioDeviceError: PortAudio is not installed, or there is no such device.
        """
        with needs("player", "sounddevice"):
            try:
                import sounddevice  # noqa: PLC0415 - needs the extra
            except OSError as error:
                raise AudioDeviceError(str(error)) from error

        def callback(buffer: Any, frames: int, times: Any, _status: object) -> None:
            heard_in = times.outputBufferDacTime - times.currentTime
            # Some systems do not report the times.
            buffer[:] = fill(frames, heard_in if heard_in > 0 else self._stream.latency)

        try:
            self._stream = sounddevice.RawOutputStream(
                samplerate=sample_rate,
                channels=1,
                dtype="int16",
                device=self._device,
                latency=self._latency,
                callback=callback,
            )
            self._stream.start()
        # For an unknown name sounddevice raises ValueError.
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioDeviceError(str(error)) from error

    def stop(self) -> None:
        """Stop playback immediately and close the device."""
        if self._stream is not None:
            self._stream.abort()
            self._stream.close()
            self._stream = None
