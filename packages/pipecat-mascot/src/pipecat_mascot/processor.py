"""The processor between speech synthesis and the transport."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    StopFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

import mascot_visemes as mv
from pipecat_mascot.frames import VisemeFrame, piece_of
from pipecat_mascot.speech import Piece, Speech

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MascotVisemeProcessor"]

MAX_SPEECHES: Final = 32
"""Maximum number of speeches at the same time. It limits the memory if a service never sends ``TTSStoppedFrame``."""

Key = tuple[str | None, str | None]


class MascotVisemeProcessor(FrameProcessor):
    """Insert a ``VisemeFrame`` before the audio of its visemes.

    Place it after speech synthesis or a realtime service, and before ``transport.output()``. Long audio frames are
    split every 120 ms, so that visemes are in the queue of the transport in time with the audio. All fields of a split
    frame are copied. The audio data, its order and all other frames are unchanged. Audio is forwarded without visemes
    if it is not mono, is not a ``TTSAudioRawFrame``, or has a sample rate outside 8000 to 48000 Hz.

    Each pair of ``transport_destination`` and ``context_id`` is a separate speech. It ends with its
    ``TTSStoppedFrame``. An ``InterruptionFrame`` drops the speeches that can be interrupted, and closes their mouths.
    """

    def __init__(self, *, model: str = "default", shapes: str = "oculus", **kwargs: Any) -> None:
        """Load the model.

        Args:
            model: The name of the model, one of ``mascot_visemes.available_models()``.
            shapes: The set of shapes: ``oculus``, ``sapi``, ``vrm``, ``rhubarb`` or ``arkit`` (names like ``oculus``).
            **kwargs: The arguments of ``FrameProcessor``.

        Raises:
            UnknownModelError: There is no such model.
            UnknownShapesError: There is no such set of shapes.
        """
        super().__init__(**kwargs)
        self._engine = mv.load(model, shapes=shapes)
        self._speeches: dict[Key, Speech] = {}
        self._rejected_rates: set[int] = set()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Predict the visemes of speech, and forward every frame."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            await self._interrupt(frame, direction)
            return
        if isinstance(frame, CancelFrame):
            self._speeches.clear()
        elif direction == FrameDirection.DOWNSTREAM:
            if isinstance(frame, TTSAudioRawFrame) and frame.num_channels == 1:
                await self._speak(frame)
                return
            if isinstance(frame, TTSStoppedFrame):
                await self._finish(self._stopped_by(frame))
            elif isinstance(frame, EndFrame | StopFrame):
                await self._finish(tuple(self._speeches))
        await self.push_frame(frame, direction)

    async def _speak(self, frame: TTSAudioRawFrame) -> None:
        """Push an audio frame in parts, with the viseme frames between them."""
        key = (frame.transport_destination, frame.context_id)
        speech = await self._speech(key, frame.sample_rate)
        if speech is None:
            await self.push_frame(frame)
            return
        speech.interruptible, speech.metadata = frame.interruptible, frame.metadata
        speech.transport_source = frame.transport_source
        # Inference takes some milliseconds and must not block other frames and sessions.
        pieces = await asyncio.to_thread(speech.accept, frame.audio)
        for piece in pieces:
            if piece.events or piece.start_ms == 0:
                await self.push_frame(self._viseme_frame(key, speech, piece))
            await self.push_frame(frame if len(pieces) == 1 else piece_of(frame, piece.begin, piece.end))

    async def _speech(self, key: Key, sample_rate: int) -> Speech | None:
        """Return the speech of the audio; ``None`` if its sample rate is not supported."""
        speech = self._speeches.get(key)
        if speech is not None and speech.sample_rate == sample_rate:
            return speech
        try:
            begun = Speech(self._engine, sample_rate)
        except mv.SampleRateError as error:
            if sample_rate not in self._rejected_rates:
                self._rejected_rates.add(sample_rate)
                logger.warning(f"{self}: audio at {sample_rate} Hz is forwarded without visemes: {error}")
            return None
        surplus = [] if speech is None else [key]
        if len(self._speeches) - len(surplus) >= MAX_SPEECHES:
            surplus.append(next(iter(self._speeches)))
        await self._finish(surplus)
        self._speeches[key] = begun
        return begun

    def _stopped_by(self, frame: TTSStoppedFrame) -> Iterable[Key]:
        """Return the speeches that a ``TTSStoppedFrame`` ends.

        Realtime services send it without a context. It then ends all speeches of its destination.
        """
        destination, context_id = frame.transport_destination, frame.context_id
        if context_id is None:
            return [key for key in self._speeches if key[0] == destination]
        exact = (destination, context_id)
        return [exact if exact in self._speeches else (destination, None)]

    async def _finish(self, keys: Iterable[Key]) -> None:
        """End speeches. Each mouth closes after its audio."""
        for key in keys:
            speech = self._speeches.pop(key, None)
            if speech is not None and (piece := speech.finish()).events:
                await self.push_frame(self._viseme_frame(key, speech, piece))

    async def _interrupt(self, frame: InterruptionFrame, direction: FrameDirection) -> None:
        """Forward an interruption, drop the speeches that it ends, and close their mouths.

        The transport drops only the queue of the interruption's own destination. For other destinations the audio sent
        so far is played to its end, and the mouth closes after it.
        """
        destination = frame.transport_destination
        ended = [key for key, speech in self._speeches.items() if speech.interruptible]
        for key in ended:
            del self._speeches[key]
        # The interruption comes first, because it clears the queues for the viseme frames.
        await self.push_frame(frame, direction)
        closing = {key[0]: key[1] for key in ended} | {destination: None}
        for place, context_id in closing.items():
            if all(key[0] != place for key in self._speeches):
                event = mv.VisemeEvent(0, self._rest)
                closed = VisemeFrame((event,), 0, self._engine.shapes, self._rest, context_id)
                closed.transport_destination = place
                await self.push_frame(closed)

    @property
    def _rest(self) -> int | str:
        """The viseme of the closed mouth."""
        return self._engine.visemes[0]

    def _viseme_frame(self, key: Key, speech: Speech, piece: Piece) -> VisemeFrame:
        """Return the viseme frame for a part of a speech, with the routing fields of the audio frame."""
        destination, context_id = key
        made = VisemeFrame(piece.events, piece.start_ms, self._engine.shapes, self._rest, context_id)
        made.transport_source, made.transport_destination = speech.transport_source, destination
        made.interruptible = speech.interruptible
        made.metadata = dict(speech.metadata)
        return made
