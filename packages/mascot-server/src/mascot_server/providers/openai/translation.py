"""OpenAI Realtime translation: continuous audio without turns, in a format that each message states."""

from __future__ import annotations

from typing import Any, Final

from mascot_server.providers.codec import (
    Audio,
    AudioFormat,
    Event,
    Frame,
    Undecodable,
    as_text,
    decode_base64,
    like,
    read_object,
    unreadable_audio,
)
from mascot_server.providers.json_edit import insert_member

__all__ = ["TranslationCodec"]

_AUDIO: Final = "session.output_audio.delta"
_RATES: Final = range(8000, 48001)
_DEFAULT_RATE: Final = 24000


class TranslationCodec:
    """Codec of one translation session: one viseme stream from the first message to the last."""

    closing = False

    def __init__(self) -> None:
        self._audio_events = 0

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame from OpenAI."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, "session.output_audio.delta")
        if message.get("type") != _AUDIO:
            return ()
        self._audio_events += 1
        audio_format = _format(message)
        if audio_format is None:
            return (Undecodable("unknown output audio format"),)
        data = decode_base64(message.get("delta"))
        return (
            Undecodable("delta is not base64")
            if data is None
            else Audio(data, audio_format, self._audio_events),
        )

    def attach(self, frame: Frame, _audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Add the member ``mascotVisemes`` to the audio delta."""
        return (like(frame, insert_member(as_text(frame), (), "mascotVisemes", payload)),)

    def see_client(self, frame: Frame) -> Frame:
        """Return the app's frame as it is."""
        return frame


def _format(message: dict[str, Any]) -> AudioFormat | None:
    if (message.get("format") or "pcm16") != "pcm16" or (message.get("channels") or 1) != 1:
        return None
    rate = message.get("sample_rate") or _DEFAULT_RATE
    return AudioFormat("pcm16", rate) if type(rate) is int and rate in _RATES else None
