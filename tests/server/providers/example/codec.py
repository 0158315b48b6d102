"""The example's messages: JSON in text frames, the visemes one more member of those with audio."""

from __future__ import annotations

from typing import Final

from mascot_server.providers.codec import (
    Audio,
    AudioFormat,
    Event,
    Frame,
    Interrupted,
    TurnEnded,
    Undecodable,
    as_text,
    decode_base64,
    like,
    read_object,
    unreadable_audio,
)
from mascot_server.providers.json_edit import insert_member

_RATES: Final = range(8000, 48001)


class ExampleCodec:
    """Codec of one conversation."""

    closing = False

    def __init__(self) -> None:
        self._format: AudioFormat | None = None
        self._audio_events = 0

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame of the provider."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, '"audio"')
        match message.get("type"):
            case "ready":
                self._format = _pcm(message.get("rate"))
            case "audio":
                return (self._audio(message.get("data")),)
            case "stop":
                return (Interrupted(),)
            case "end":
                return (TurnEnded(),)
        return ()

    def attach(self, frame: Frame, _audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Add the visemes to a frame."""
        return (like(frame, insert_member(as_text(frame), (), "visemes", payload)),)

    def see_client(self, frame: Frame) -> Frame:
        """Pass the app's frame on."""
        return frame

    def _audio(self, data: object) -> Event:
        self._audio_events += 1
        decoded = decode_base64(data)
        if decoded is None or self._format is None:
            return Undecodable("data is not base64" if decoded is None else "unknown rate")
        return Audio(decoded, self._format, self._audio_events)


def _pcm(rate: object) -> AudioFormat | None:
    return AudioFormat("pcm16", rate) if isinstance(rate, int) and rate in _RATES else None
