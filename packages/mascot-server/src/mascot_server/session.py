"""The heart of a conversation, free of I/O: which frames carry audio, and what their viseme payload says.

The relay feeds every provider frame to `Session.receive`, has its audio predicted (or not, if that takes too long),
and sends what `Session.release` returns. A session never asks which provider it serves; its codec knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mascot_server.codecs import AskUpstream, Audio, Interrupted, TurnEnded, Undecodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mascot_server.agenda import Track
    from mascot_server.codecs import AudioFormat, Codec, Frame
    from mascot_server.predictions import Prediction

__all__ = ["Received", "Session"]

SILENCE = 0


@dataclass(frozen=True, slots=True)
class Received:
    """What is to be done about one frame of the provider.

    Attributes:
        frame: The frame itself.
        audio: Its audio, to be predicted from `track` in the order received; `None` if the frame goes on bare.
        track: The viseme stream that the audio continues; another one than before where a turn begins.
        to_upstream: What to say to the provider because of it.
        undecodable: Why its audio could not be used, if it had any that could not.
        interrupts: Whether what was received before it and is still to be predicted will not be played.
    """

    frame: Frame
    audio: Audio | None = None
    track: Track | None = None
    to_upstream: tuple[Frame, ...] = ()
    undecodable: str | None = None
    interrupts: bool = False


class Session:
    """One conversation.

    Args:
        codec: The provider's wire format.
        open_stream: Makes a new viseme stream for audio of a format.

    Attributes:
        messages: How many messages came, from either side.
        chunks: How many messages with audio were released.
        chunks_without_visemes: How many of them without a prediction.
    """

    def __init__(self, codec: Codec, open_stream: Callable[[AudioFormat], Track]) -> None:
        self._codec = codec
        self._open_stream = open_stream
        self._track: Track | None = None
        self._format: AudioFormat | None = None
        self._shown = SILENCE
        self._interrupted = False
        self.messages = 0
        self.chunks = 0
        self.chunks_without_visemes = 0

    def receive(self, frame: Frame) -> Received:
        """Takes a frame from the provider."""
        self.messages += 1
        audio: Audio | None = None
        undecodable: str | None = None
        track: Track | None = None
        to_upstream: tuple[Frame, ...] = ()
        interrupts = False
        for event in self._codec.see(frame):
            match event:
                case Audio():
                    audio, track = event, self._track_for(event.format)
                case Undecodable(reason):
                    undecodable = reason
                case TurnEnded():
                    self._track = None
                case Interrupted():
                    self._track = None
                    self._interrupted = interrupts = True
                case AskUpstream(question):
                    to_upstream = (*to_upstream, question)
        return Received(frame, audio, track, to_upstream, undecodable, interrupts)

    def release(self, received: Received, prediction: Prediction | None) -> tuple[Frame, ...]:
        """Returns what to send to the app for a frame.

        Args:
            received: What `receive` returned for it.
            prediction: What its stream said of its audio; `None` if that failed or came too late.
        """
        audio = received.audio
        if audio is None:
            return (received.frame,)
        self.chunks += 1
        self.chunks_without_visemes += prediction is None
        changes = [] if prediction is None else self._changes(prediction, audio.duration_ms)
        return self._codec.attach(received.frame, audio, _payload(changes, audio))

    def receive_client(self, frame: Frame) -> Frame:
        """Takes a frame from the app and returns it as it goes to the provider."""
        self.messages += 1
        return self._codec.see_client(frame)

    def _track_for(self, audio_format: AudioFormat) -> Track:
        if self._track is None or self._format != audio_format:
            self._track, self._format = self._open_stream(audio_format), audio_format
        return self._track

    def _changes(self, prediction: Prediction, duration: float) -> list[tuple[int, int]]:
        """The changes a viewer has to be told of, relative to what was last sent."""
        last_offset = math.ceil(duration) - 1
        if last_offset < 0:
            return []
        shapes = {0: prediction.before}
        for offset, shape in prediction.changes:
            # Two changes within one millisecond (message borders need not fall on one): the later one is what
            # is seen.
            shapes[min(offset, last_offset)] = shape
        changes = []
        for offset, shape in shapes.items():
            if shape != self._shown or self._interrupted:
                changes.append((offset, shape))
            self._shown, self._interrupted = shape, False
        return changes


def _payload(changes: Iterable[tuple[int, int]], audio: Audio) -> str:
    """The payload as JSON text: all its values are numbers, and these look in JSON as they do in Python."""
    visemes = ",".join([f'{{"visemeId":{shape},"offset":{offset}}}' for offset, shape in changes])
    return (
        f'{{"visemes":[{visemes}],"audio_event_id":{audio.event_id},"subchunk_id":1,"total_chunks":1,'
        f'"audio_duration":{audio.duration_ms}}}'
    )
