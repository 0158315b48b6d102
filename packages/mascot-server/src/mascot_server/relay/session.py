"""The heart of a conversation, free of I/O: which frames carry audio, and what their viseme payload says.

The relay feeds every provider frame to `Session.receive`, has its audio predicted (or not, if that takes too long),
and sends what `Session.release` returns. A session never asks which provider it serves; its codec knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mascot_server.inference.viseme_sets import DEFAULT_SETS, VisemeSets
from mascot_server.providers.codec import AskUpstream, Audio, Interrupted, TellApp, TurnEnded, Undecodable
from mascot_server.relay.payload import viseme_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.inference.jobs import Track
    from mascot_server.inference.predictions import Prediction
    from mascot_server.providers.codec import AudioFormat, Codec, Frame

__all__ = ["Received", "Session"]

_MOST_STREAMS: Final = 8
"""Viseme streams of one conversation: a provider that ends no response must not collect them."""


class Stream:
    """The viseme stream of a turn.

    Args:
        track: What predicts it.
        audio_format: Of its audio.
        shown: Shape that was last sent when it began.

    Attributes:
        shown: Shape that was last sent for it.
        named: Whether the columns of its blend weights were named to the app.
    """

    __slots__ = ("format", "named", "shown", "track")

    def __init__(self, track: Track, audio_format: AudioFormat, shown: int | str) -> None:
        self.track = track
        self.format = audio_format
        self.shown = shown
        self.named = False


@dataclass(frozen=True, slots=True)
class Received:
    """What is to be done about one frame of the provider.

    Attributes:
        frame: The frame itself.
        audio: Its audio, to be predicted from `track` in the order received; `None` if it is forwarded without visemes.
        stream: The viseme stream that the audio continues; another one than before where a turn begins.
        to_upstream: What to say to the provider because of it.
        undecodable: Why its audio could not be used, if it had any that could not.
        to_app: What to send to the app before the frame.
        interrupts: Says for which audio, received before it and still to be predicted, that it will not be played;
            `None` if for none.
        ended: What predicts the streams whose turn ends with it.
    """

    frame: Frame
    audio: Audio | None = None
    stream: Stream | None = None
    to_upstream: tuple[Frame, ...] = ()
    undecodable: str | None = None
    interrupts: Interrupted | None = None
    to_app: tuple[Frame, ...] = ()
    ended: tuple[Track, ...] = ()

    @property
    def bare(self) -> tuple[Frame, ...]:
        """What to send to the app where the frame has no audio to be predicted."""
        return (*self.to_app, self.frame)

    @property
    def track(self) -> Track | None:
        """What predicts the audio."""
        return None if self.stream is None else self.stream.track


class Session:
    """One conversation.

    Args:
        codec: The provider's wire format.
        open_stream: Makes a new viseme stream for audio of a format.
        sets: Viseme sets of these streams.

    Attributes:
        messages: How many messages came, from either side.
        chunks: How many messages with audio were released.
        chunks_without_visemes: How many of them without a prediction.
    """

    def __init__(
        self, codec: Codec, open_stream: Callable[[AudioFormat], Track], sets: VisemeSets = DEFAULT_SETS
    ) -> None:
        self._codec = codec
        self._open_stream = open_stream
        self._sets = sets
        # By name, the one used last at the end.
        self._streams: dict[str, Stream] = {}
        self._shown = sets.silence
        self._interrupted = False
        self.messages = 0
        self.chunks = 0
        self.chunks_without_visemes = 0

    @property
    def closing(self) -> bool:
        """Whether the app has asked the provider to end the session and the provider has not confirmed it yet."""
        return self._codec.closing

    def receive(self, frame: Frame) -> Received:
        """Process a frame of the provider."""
        self.messages += 1
        audio: Audio | None = None
        undecodable: str | None = None
        stream: Stream | None = None
        to_upstream: tuple[Frame, ...] = ()
        to_app: tuple[Frame, ...] = ()
        interrupts: Interrupted | None = None
        ended: tuple[Track, ...] = ()
        for event in self._codec.see(frame):
            match event:
                case Audio():
                    audio, stream = event, self._stream_for(event)
                case Undecodable(reason):
                    undecodable = reason
                case TurnEnded(name):
                    over = self._streams.pop(name, None)
                    ended = ended if over is None else (*ended, over.track)
                case Interrupted():
                    interrupts = event
                    self._interrupted = True
                    for name in [name for name in self._streams if event.stops(name)]:
                        del self._streams[name]
                case AskUpstream(question):
                    to_upstream = (*to_upstream, question)
                case TellApp(message):
                    to_app = (*to_app, message)
        return Received(frame, audio, stream, to_upstream, undecodable, interrupts, to_app, ended)

    def release(self, received: Received, prediction: Prediction | None) -> tuple[Frame, ...]:
        """Return what to send to the app for a frame.

        Args:
            received: What ``receive`` returned for it.
            prediction: What its stream said of its audio; ``None`` if that failed or came too late.
        """
        audio, stream = received.audio, received.stream
        if audio is None or stream is None:
            return received.bare
        self.chunks += 1
        self.chunks_without_visemes += prediction is None
        changes = [] if prediction is None else self._changes(stream, prediction, audio.duration_ms)
        weights = None if prediction is None else prediction.weights
        payload = viseme_payload(self._sets, audio, changes, weights, named=not stream.named)
        stream.named = stream.named or weights is not None
        return self._codec.attach(received.frame, audio, payload)

    def receive_client(self, frame: Frame) -> Frame:
        """Process a frame of the app and return what to send to the provider."""
        self.messages += 1
        return self._codec.see_client(frame)

    def _stream_for(self, audio: Audio) -> Stream:
        stream = self._streams.pop(audio.stream, None)
        if stream is None or stream.format != audio.format:
            stream = Stream(self._open_stream(audio.format), audio.format, self._shown)
        self._streams[audio.stream] = stream
        if len(self._streams) > _MOST_STREAMS:
            del self._streams[next(iter(self._streams))]
        return stream

    def _changes(
        self, stream: Stream, prediction: Prediction, duration: float
    ) -> list[tuple[int, int | str]]:
        """Return the changes that a viewer does not know of.

        They are relative to what was sent last, and to what was sent last for this stream: where several responses
        come in turns, one face may show them all, or each a face of its own.
        """
        last_offset = math.ceil(duration) - 1
        if last_offset < 0:
            return []
        shapes = {0: prediction.before}
        for offset, shape in prediction.changes:
            # Two changes within one millisecond (message borders need not fall on one): the later one is what
            # is seen.
            shapes[min(offset, last_offset)] = shape
        changes: list[tuple[int, int | str]] = []
        for offset, shape in shapes.items():
            if shape != self._shown or shape != stream.shown or self._interrupted:
                changes.append((offset, shape))
            self._shown, stream.shown, self._interrupted = shape, shape, False
        return changes
