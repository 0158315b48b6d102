"""The core of a conversation, without I/O: detection of frames with audio, and their viseme payloads.

The relay passes every provider frame to `Session.receive`, requests the prediction of its audio (which may time out),
and sends the result of `Session.release`. A session does not depend on the provider; only its codec does.
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
"""Most viseme streams of one conversation, so that they do not accumulate if a provider never ends its responses."""


class Stream:
    """The viseme stream of a turn.

    Args:
        track: The queue of its audio.
        audio_format: Format of its audio.
        shown: Shape that was last sent before it began.

    Attributes:
        shown: Shape that was last sent for it.
        named: Whether the names of the columns of its blend weights were sent to the app.
    """

    __slots__ = ("format", "named", "shown", "track")

    def __init__(self, track: Track, audio_format: AudioFormat, shown: int | str) -> None:
        self.track = track
        self.format = audio_format
        self.shown = shown
        self.named = False


@dataclass(slots=True)
class Received:
    """The actions for one frame of the provider.

    Attributes:
        frame: The frame itself.
        audio: Its audio, to be predicted by `track` in the order received; `None` if it is forwarded without visemes.
        stream: The viseme stream that the audio continues; a new one when a turn begins.
        to_upstream: Messages to send to the provider.
        undecodable: Why its audio could not be decoded; `None` if it was, or if there is none.
        to_app: Messages to send to the app before the frame.
        interrupts: The interruption that it reports: which audio, received earlier and still waiting, will not be
            played. `None` if there is none.
        ended: Tracks of the streams whose turn ends with it.
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
        """Messages to send to the app if the frame has no audio to predict."""
        return (*self.to_app, self.frame)

    @property
    def track(self) -> Track | None:
        """The track of the audio."""
        return None if self.stream is None else self.stream.track


class Session:
    """One conversation.

    Args:
        codec: The provider's wire format.
        open_stream: Creates a viseme stream for an audio format.
        sets: Viseme sets of these streams.

    Attributes:
        messages: Number of messages received, from both sides.
        chunks: Number of audio messages released.
        chunks_without_visemes: How many of them had no prediction.
    """

    def __init__(
        self, codec: Codec, open_stream: Callable[[AudioFormat], Track], sets: VisemeSets = DEFAULT_SETS
    ) -> None:
        self._codec = codec
        self._open_stream = open_stream
        self._sets = sets
        # Streams by name, the most recently used last.
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
        """Return the messages to send to the app for a frame.

        Args:
            received: The result of ``receive`` for the frame.
            prediction: The prediction for its audio; ``None`` if it failed or was late.
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
        """Return the changes that the app has not been sent yet.

        A change is left out only if its shape was the last one sent both in the conversation and for this stream. When
        several responses alternate, the app may show all of them on one avatar, or each on its own. The first change
        after an interruption is never left out.
        """
        last_offset = math.ceil(duration) - 1
        if last_offset < 0:
            return []
        shapes = {0: prediction.before}
        for offset, shape in prediction.changes:
            # Two changes can fall into one millisecond, because messages need not begin at a whole one. The later
            # one is displayed.
            shapes[min(offset, last_offset)] = shape
        changes: list[tuple[int, int | str]] = []
        for offset, shape in shapes.items():
            if shape != self._shown or shape != stream.shown or self._interrupted:
                changes.append((offset, shape))
            self._shown, stream.shown, self._interrupted = shape, shape, False
        return changes
