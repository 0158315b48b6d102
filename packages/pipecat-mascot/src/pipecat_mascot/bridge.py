"""The processor after the transport, which sends visemes to an RTVI client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipecat.frames.frames import BotStoppedSpeakingFrame, Frame, InterruptionFrame, OutputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.processors.frameworks.rtvi import RTVIServerMessageFrame

from pipecat_mascot.frames import VisemeFrame
from pipecat_mascot.playout import Playout

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MESSAGE_TYPE", "MascotRTVIBridge"]

MESSAGE_TYPE: Final = "mascot-visemes"
"""The value of ``type`` in the data of each RTVI ``server-message``."""


class MascotRTVIBridge(FrameProcessor):
    """Send visemes to the client as RTVI messages (``server-message``), when the transport sends their audio.

    Place it directly after ``transport.output()``. ``PipelineWorker`` adds the RTVI processor that sends the messages.
    Before the transport, all messages of a sentence would arrive together, seconds before the audio.

    The data of a message::

        {"type": "mascot-visemes", "shapes": "oculus", "contextId": "…", "destination": null,
         "visemes": [{"viseme": "PP", "offset": 40}], "interrupted": false}

    Offsets are milliseconds from the arrival of the message. The client adds the delay of its jitter buffer. With
    ``shapes="sapi"`` the key is ``visemeId``. If ``interrupted`` is true, drop all earlier visemes.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Create the processor.

        Args:
            **kwargs: The arguments of ``FrameProcessor``.
        """
        super().__init__(**kwargs)
        self._playouts: dict[str | None, Playout] = {}
        self._shown: dict[str | None, VisemeFrame] = {}

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Send the visemes of the audio that the transport sends, and forward every frame."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            await self._interrupt(frame.transport_destination)
        elif direction != FrameDirection.DOWNSTREAM:
            return
        elif isinstance(frame, OutputAudioRawFrame):
            self._playout(frame.transport_destination).wrote(frame.num_frames, frame.sample_rate)
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._stopped(frame.transport_destination)
        elif isinstance(frame, VisemeFrame):
            await self._show(frame)

    async def _show(self, frame: VisemeFrame) -> None:
        """Send the visemes of one frame."""
        destination = frame.transport_destination
        position = self._playout(destination).position_ms(frame.context_id, frame.start_ms)
        if not frame.events:
            return
        if destination not in self._shown and all(event.viseme == frame.rest for event in frame.events):
            return  # The mouth is closed already.
        self._shown[destination] = frame
        changes = [(max(round(event.time_ms - position), 0), event.viseme) for event in frame.events]
        await self._send(frame, changes, interrupted=False)

    async def _interrupt(self, destination: str | None) -> None:
        """Close the mouth of an interrupted destination, except if its speech cannot be interrupted."""
        shown = self._shown.get(destination)
        if shown is not None and shown.interruptible:
            del self._shown[destination]
            await self._send(shown, [(0, shown.rest)], interrupted=True)

    def _stopped(self, destination: str | None) -> None:
        """Reset the state of a destination after its speech ended with a closed mouth."""
        shown = self._shown.get(destination)
        if shown is not None and shown.events[-1].viseme == shown.rest:
            del self._shown[destination]

    async def _send(
        self, frame: VisemeFrame, changes: Iterable[tuple[int, int | str]], *, interrupted: bool
    ) -> None:
        """Send one message."""
        key = "visemeId" if frame.shapes == "sapi" else "viseme"
        data = {
            "type": MESSAGE_TYPE,
            "shapes": frame.shapes,
            "contextId": frame.context_id,
            "destination": frame.transport_destination,
            "visemes": [{key: viseme, "offset": offset} for offset, viseme in changes],
            "interrupted": interrupted,
        }
        await self.push_frame(RTVIServerMessageFrame(data=data))

    def _playout(self, destination: str | None) -> Playout:
        """Return the playback state of one destination."""
        return self._playouts.setdefault(destination, Playout())
