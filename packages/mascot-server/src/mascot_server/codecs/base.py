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

__all__ = [
    "AskUpstream",
    "Audio",
    "AudioFormat",
    "Codec",
    "Encoding",
    "Event",
    "Frame",
    "Interrupted",
    "TurnEnded",
    "Undecodable",
    "as_text",
    "decode_base64",
    "like",
    "member",
    "read_object",
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

    def duration_ms(self, size: int) -> int | float:
        """Exact duration of `size` bytes in milliseconds, an `int` where it is a whole number.

        Half a sample counts half: over a whole turn the durations still add up to the audio's length.
        """
        bytes_per_second = self.sample_rate * (2 if self.encoding == "pcm16" else 1)
        whole, rest = divmod(size * 1000, bytes_per_second)
        return whole if rest == 0 else size * 1000 / bytes_per_second


@dataclass(frozen=True, slots=True)
class Audio:
    """The frame carries audio that can be predicted from.

    Attributes:
        data: Encoded samples, in the order they are played.
        format: How they are encoded.
        event_id: What ties the viseme payload to this audio.
        place: Path of a JSON object in the frame, where the codec may put something about the audio.
    """

    data: bytes
    format: AudioFormat
    event_id: int
    place: tuple[str | int, ...] = ()

    @property
    def duration_ms(self) -> int | float:
        """Exact duration in milliseconds, an `int` where it is a whole number."""
        return self.format.duration_ms(len(self.data))


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The frame carries audio that cannot be used; it goes on bare.

    Attributes:
        reason: Why, without any content of the frame.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The agent's turn is complete: its next audio does not continue this one."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The agent was interrupted: what is still pending of its turn will not be played."""


@dataclass(frozen=True, slots=True)
class AskUpstream:
    """Something to say to the provider on the caller's behalf.

    Attributes:
        frame: The message, ready to send.
    """

    frame: Frame


Event = Audio | Undecodable | TurnEnded | Interrupted | AskUpstream


class Codec(Protocol):
    """One provider's wire format, for one connection."""

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Reads a frame from the provider. At most one of the events is `Audio`."""

    def attach(self, frame: Frame, audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Returns what to send to the app for an audio frame: the frame with its viseme payload, in order.

        The payload is a JSON object that is not empty.
        """

    def see_client(self, frame: Frame) -> Frame:
        """Returns the app's frame as it goes to the provider, unchanged unless the configuration says otherwise."""


def read_object(frame: Frame) -> JsonObject | None:
    """Parses a frame that should hold a JSON object; `None` for anything else."""
    try:
        value = from_json(frame)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def member(value: object, *names: str) -> Any:
    """Follows member names into nested objects; `None` as soon as one is missing or not an object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def decode_base64(text: object) -> bytes | None:
    """Decodes strict base64; `None` for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return None


def as_text(frame: Frame) -> str:
    """The frame's text, whichever opcode it came with."""
    return frame if isinstance(frame, str) else frame.decode()


def like(frame: Frame, text: str) -> Frame:
    """Turns `text` into a message with the same opcode as `frame`."""
    return text if isinstance(frame, str) else text.encode()
