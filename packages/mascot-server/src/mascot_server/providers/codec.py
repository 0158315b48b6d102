"""The codec interface: events, audio formats, and tolerant parsing of frames.

A codec is a pure state machine for one connection: no await, clock, socket or log. An event has the same meaning for
all providers. A codec never raises on a frame, whatever its content: an unknown frame has no events and is forwarded
unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

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


class AudioFormat(NamedTuple):
    """Audio format of a provider. Always mono.

    Attributes:
        encoding: 16-bit little-endian PCM, or G.711 in either companding.
        sample_rate: Sample rate in Hz.
    """

    encoding: Encoding
    sample_rate: int

    @property
    def bytes_per_second(self) -> int:
        """Bytes of one second of audio."""
        return self.sample_rate * 2 if self.encoding == "pcm16" else self.sample_rate

    def duration_ms(self, size: int) -> int | float:
        """Return the exact duration of `size` bytes in milliseconds, an `int` if it is a whole number.

        Half a sample counts half: over a whole turn the durations still add up to the audio's length.
        """
        bytes_per_second = self.bytes_per_second
        whole, rest = divmod(size * 1000, bytes_per_second)
        return whole if rest == 0 else size * 1000 / bytes_per_second

    def size(self, ms: int) -> int:
        """Return the size in bytes of at least `ms` milliseconds, in whole samples."""
        width = self.bytes_per_second // self.sample_rate
        return -(-ms * self.sample_rate // 1000) * width


@dataclass(slots=True)
class Audio:
    """The frame contains audio for viseme prediction.

    It is not frozen, because a frozen dataclass takes four times as long to create; nor are the other values that
    exist for each message.

    Attributes:
        data: Encoded samples, in playback order.
        format: Their audio format.
        event_id: Id that links the viseme payload to this audio.
        place: Path of a JSON object in the frame, to which the codec may add fields.
        stream: Name of the viseme stream that the audio continues. A provider that sends several responses at once
            has one for each.
        real_time: Whether it is sent in real time, so that its playout deadline is now.
        duration_ms: Exact duration in milliseconds, an `int` if it is a whole number.
    """

    data: bytes
    format: AudioFormat
    event_id: int
    place: tuple[str | int, ...] = ()
    stream: str = ""
    real_time: bool = False
    duration_ms: int | float = field(init=False)

    def __post_init__(self) -> None:
        self.duration_ms = self.format.duration_ms(len(self.data))


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
        spared: Names of the streams that continue although all others were interrupted.
    """

    stream: str | None = None
    spared: frozenset[str] = frozenset()

    def stops(self, stream: str) -> bool:
        """Return whether this interruption applies to a stream."""
        return stream not in self.spared if self.stream is None else stream == self.stream


@dataclass(frozen=True, slots=True)
class AskUpstream:
    """A message to send to the provider on behalf of the app.

    Attributes:
        frame: The message, ready to send.
    """

    frame: Frame


@dataclass(frozen=True, slots=True)
class TellApp:
    """An additional message for the app, to be sent just before the frame that caused it.

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
        """Parse a frame from the provider. At most one of the events is ``Audio``."""

    def attach(self, frame: Frame, audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Return the frames to send to the app for an audio frame and its viseme payload, in order.

        The payload is a non-empty JSON object.
        """

    def see_client(self, frame: Frame) -> Frame:
        """Return the frame to send to the provider: the app's frame, unchanged unless the configuration changes it."""


def read_object(frame: Frame) -> JsonObject | None:
    """Parse a frame that should contain a JSON object; return `None` for anything else.

    A frame that the fast parser rejects is parsed again in the way of the providers' SDKs.
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
        mark: Text that every audio frame of the provider contains.
    """
    found = mark in frame if isinstance(frame, str) else mark.encode() in frame
    return (Undecodable("the message is not JSON"),) if found else ()


def member(value: object, *names: str) -> Any:
    """Return a field of nested objects; `None` if one is missing or not an object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def decode_base64(text: object) -> bytes | None:
    """Decode base64 as the providers' SDKs do; return `None` for anything else.

    Both alphabets are accepted, with or without padding and white space.
    """
    if not isinstance(text, str):
        return None
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return decode_forgiving(text)


def as_text(frame: Frame) -> str:
    """Return the text of a text or binary frame; `like` restores bytes that are not UTF-8."""
    return frame if isinstance(frame, str) else frame.decode(errors="surrogateescape")


def like(frame: Frame, text: str) -> Frame:
    """Turn `text` into a message with the same opcode as `frame`."""
    return text if isinstance(frame, str) else text.encode(errors="surrogateescape")
