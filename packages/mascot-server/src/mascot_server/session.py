"""The heart of a conversation, free of I/O: which frames carry audio, and what their viseme payload says.

The relay feeds every provider frame to `Session.receive`, has its audio predicted (or not, if that takes too long),
and sends what `Session.release` returns. A session never asks which provider it serves; its codec knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mascot_server.codecs import AskUpstream, Audio, Interrupted, TurnEnded, Undecodable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mascot_server.codecs import AudioFormat, Codec, Frame

__all__ = ["Prediction", "Received", "Session", "VisemeChange", "VisemeStream"]

SILENCE = 0


class VisemeChange(Protocol):
    """A change of mouth shape, as `mascot_visemes.VisemeEvent` is one."""

    @property
    def time_ms(self) -> int:
        """Milliseconds from the start of the stream."""

    @property
    def viseme(self) -> int | str:
        """The shape from then on."""


class VisemeStream(Protocol):
    """What a session needs of a stream of `mascot_visemes`."""

    @property
    def viseme(self) -> int | str:
        """The shape at the end of what was accepted."""

    @property
    def time_ms(self) -> int:
        """Length of what was accepted, in whole milliseconds."""

    def accept_waveform(self, chunk: bytes) -> Sequence[VisemeChange]:
        """Takes the next audio and returns the changes in it."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a stream said of one message's audio.

    Attributes:
        before: Shape at the start of the audio.
        changes: Offset in milliseconds from the start of the audio and the shape from there on, sorted.
    """

    before: int
    changes: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, stream: VisemeStream, data: bytes) -> Prediction:
        """Runs the next audio of a stream through it."""
        before, start = int(stream.viseme), stream.time_ms
        changes = stream.accept_waveform(data)
        return cls(before, tuple((change.time_ms - start, int(change.viseme)) for change in changes))


@dataclass(frozen=True, slots=True)
class Received:
    """What is to be done about one frame of the provider.

    Attributes:
        frame: The frame itself.
        audio: Its audio, to be predicted from `stream` in the order received; `None` if the frame goes on bare.
        stream: The viseme stream that the audio continues.
        to_upstream: What to say to the provider because of it.
        undecodable: Why its audio could not be used, if it had any that could not.
    """

    frame: Frame
    audio: Audio | None = None
    stream: VisemeStream | None = None
    to_upstream: tuple[Frame, ...] = ()
    undecodable: str | None = None


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

    def __init__(self, codec: Codec, open_stream: Callable[[AudioFormat], VisemeStream]) -> None:
        self._codec = codec
        self._open_stream = open_stream
        self._stream: VisemeStream | None = None
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
        stream: VisemeStream | None = None
        to_upstream: list[Frame] = []
        for event in self._codec.see(frame):
            match event:
                case Audio():
                    audio, stream = event, self._stream_for(event.format)
                case Undecodable(reason):
                    undecodable = reason
                case TurnEnded():
                    self._stream = None
                case Interrupted():
                    self._stream = None
                    self._interrupted = True
                case AskUpstream(question):
                    to_upstream.append(question)
        return Received(frame, audio, stream, tuple(to_upstream), undecodable)

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
        duration = audio.format.duration_ms(len(audio.data))
        changes = [] if prediction is None else self._changes(prediction, duration)
        payload = {
            "visemes": [{"visemeId": shape, "offset": offset} for offset, shape in changes],
            "audio_event_id": audio.event_id,
            "subchunk_id": 1,
            "total_chunks": 1,
            "audio_duration": duration,
        }
        return self._codec.attach(received.frame, audio, payload)

    def receive_client(self, frame: Frame) -> Frame:
        """Takes a frame from the app and returns it as it goes to the provider."""
        self.messages += 1
        return self._codec.see_client(frame)

    def _stream_for(self, audio_format: AudioFormat) -> VisemeStream:
        if self._stream is None or self._format != audio_format:
            self._stream, self._format = self._open_stream(audio_format), audio_format
        return self._stream

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
