"""The sound card, by sounddevice (PortAudio). Imported lazily: the library wants a system package too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_client._extras import needs
from mascot_client.errors import AudioDeviceError

if TYPE_CHECKING:
    from collections.abc import Callable


class SoundDeviceOutput:
    """Plays on a sound card.

    Args:
        device: Sounddevice's number or name of the device (``python -m sounddevice`` lists them), its default if
            not given.
        latency: ``"low"``, ``"high"`` or seconds: how much sound the card holds ahead. Whatever it is, the mouth
            is told of it.
    """

    def __init__(self, *, device: int | str | None = None, latency: float | str = "low") -> None:
        self._device = device
        self._latency = latency
        self._stream: Any = None

    def start(self, sample_rate: int, fill: Callable[[int, float], bytes]) -> None:
        """Open the device and play what ``fill`` gives.

        Args:
            sample_rate: In Hz.
            fill: See ``AudioOutput``.

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
            # Some systems leave the times out.
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
        # An unknown name is a ValueError there.
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioDeviceError(str(error)) from error

    def stop(self) -> None:
        """Stop at once and close the device."""
        if self._stream is not None:
            self._stream.abort()
            self._stream.close()
            self._stream = None
