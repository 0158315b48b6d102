"""What all codecs share: the vocabulary of events, the audio formats, and reading frames of any content.

A codec is a pure state machine for one connection: no await, clock, socket or log. One event means one thing on
every provider. A codec never raises on a frame, whatever stands in it: what it does not understand gives no event
and is passed on as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pybase64
from pydantic_core import from_json

from mascot_server.providers.tolerant import decode_forgiving, read_forgiving

__all__ = [
    "AskUpstream",
    "Audio",
    "AudioFormat",
    "Codec",
    "Encoding",
    "Event",
    "Frame",
    "Interrupted",
    "TellApp",
    "TurnEnded",
    "Undecodable",
    "as_text",
    "decode_base64",
    "like",
    "member",
    "read_object",
    "unreadable_audio",
]

Frame = str | bytes
"""A WebSocket message: text is `str`, binary is `bytes`. The type is the opcode."""

Encoding = Literal["pcm16", "mulaw", "alaw"]

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How a provider's audio is encoded. Always mono.

    Attributes:
        encoding: 16-bit little-endian PCM, or G.711 in either companding.
        sample_rate: In Hz.
    """

    encoding: Encoding
    sample_rate: int

    @property
    def bytes_per_second(self) -> int:
        """Bytes of a second of audio."""
        return self.sample_rate * self._width

    def duration_ms(self, size: int) -> int | float:
        """Exact duration of `size` bytes in milliseconds, an `int` where it is a whole number.

        Half a sample counts half: over a whole turn the durations still add up to the audio's length.
        """
        whole, rest = divmod(size * 1000, self.bytes_per_second)
        return whole if rest == 0 else size * 1000 / self.bytes_per_second

    def size(self, ms: int) -> int:
        """Size in bytes of at least `ms` milliseconds, in whole samples."""
        return -(-ms * self.sample_rate // 1000) * self._width

    @property
    def _width(self) -> int:
        """Bytes of a sample."""
        return 2 if self.encoding == "pcm16" else 1


@dataclass(frozen=True, slots=True)
class Audio:
    """The frame carries audio that can be predicted from.

    Attributes:
        data: Encoded samples, in the order they are played.
        format: How they are encoded.
        event_id: What ties the viseme payload to this audio.
        place: Path of a JSON object in the frame, where the codec may put something about the audio.
        stream: Name of the viseme stream that the audio continues. A provider that sends several answers at once
            has one for each.
        real_time: Whether it is sent as it is played, so that its listener needs it at once.
    """

    data: bytes
    format: AudioFormat
    event_id: int
    place: tuple[str | int, ...] = ()
    stream: str = ""
    real_time: bool = False

    @property
    def duration_ms(self) -> int | float:
        """Exact duration in milliseconds, an `int` where it is a whole number."""
        return self.format.duration_ms(len(self.data))


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The audio of the frame cannot be decoded; the frame is forwarded without visemes.

    Attributes:
        reason: Why, without any content of the frame.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn of the agent is complete: the next audio of its stream does not continue this one.

    Attributes:
        stream: Name of the stream.
    """

    stream: str = ""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The agent was interrupted: the pending audio of the streams it concerns will not be played.

    Attributes:
        stream: Name of the only stream that was interrupted; `None` if all were.
        spared: Names of the streams that go on although all others were interrupted.
    """

    stream: str | None = None
    spared: frozenset[str] = frozenset()

    def stops(self, stream: str) -> bool:
        """Return whether this interruption concerns a stream."""
        return stream not in self.spared if self.stream is None else stream == self.stream


@dataclass(frozen=True, slots=True)
class AskUpstream:
    """Something to say to the provider on the caller's behalf.

    Attributes:
        frame: The message, ready to send.
    """

    frame: Frame


@dataclass(frozen=True, slots=True)
class TellApp:
    """A message of our own for the app, to be sent just before the frame that it was found in.

    Attributes:
        frame: The message, ready to send.
    """

    frame: Frame


Event = Audio | Undecodable | TurnEnded | Interrupted | AskUpstream | TellApp


class Codec(Protocol):
    """One provider's wire format, for one connection."""

    @property
    def closing(self) -> bool:
        """Whether the app has asked the provider to end the session and the provider has not confirmed it yet."""

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame from the provider. At most one of the events is ``Audio``."""

    def attach(self, frame: Frame, audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Return what to send to the app for an audio frame: the frame with its viseme payload, in order.

        The payload is a JSON object that is not empty.
        """

    def see_client(self, frame: Frame) -> Frame:
        """Return the app's frame as it goes to the provider, unchanged unless the configuration says otherwise."""


def read_object(frame: Frame) -> JsonObject | None:
    """Parse a frame that should hold a JSON object; return `None` for anything else.

    A frame that the quick parser rejects is read once more as the providers' SDKs read it.
    """
    try:
        value = from_json(frame)
    except (ValueError, TypeError):  # TypeError: text that is not Unicode, which no socket delivers.
        value = read_forgiving(as_text(frame))
    return value if isinstance(value, dict) else None


def unreadable_audio(frame: Frame, mark: str) -> tuple[Event, ...]:
    """Return the events of a frame that is not a JSON object: `Undecodable` if it looks like audio.

    Args:
        frame: The frame.
        mark: What stands in every audio frame of the provider.
    """
    found = mark in frame if isinstance(frame, str) else mark.encode() in frame
    return (Undecodable("the message is not JSON"),) if found else ()


def member(value: object, *names: str) -> Any:
    """Follow member names into nested objects; return `None` if one is missing or not an object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def decode_base64(text: object) -> bytes | None:
    """Decode base64 as the providers' SDKs do; return `None` for anything else.

    Of either alphabet, with or without padding, white space in between.
    """
    if not isinstance(text, str):
        return None
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return decode_forgiving(text)


def as_text(frame: Frame) -> str:
    """Return the frame's text, whichever opcode it came with; `like` restores bytes that are not UTF-8."""
    return frame if isinstance(frame, str) else frame.decode(errors="surrogateescape")


def like(frame: Frame, text: str) -> Frame:
    """Turn `text` into a message with the same opcode as `frame`."""
    return text if isinstance(frame, str) else text.encode(errors="surrogateescape")
