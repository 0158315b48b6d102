"""OpenAI Realtime: visemes are one more member of the audio delta event, whose `delta` stays untouched."""

from __future__ import annotations

import json
from typing import Any, Final

from mascot_server.codecs.base import (
    AskUpstream,
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
    member,
    read_object,
)
from mascot_server.splice import insert_member

__all__ = ["OpenAICodec"]

_PCM: Final = AudioFormat("pcm16", 24000)
_MULAW: Final = AudioFormat("mulaw", 8000)
_ALAW: Final = AudioFormat("alaw", 8000)
# GA names its formats by MIME type, the beta by word. PCM is 24 kHz in both.
_FORMATS: Final = {
    "audio/pcm": _PCM,
    "audio/pcmu": _MULAW,
    "audio/pcma": _ALAW,
    "pcm16": _PCM,
    "g711_ulaw": _MULAW,
    "g711_alaw": _ALAW,
}
_AUDIO_DELTAS: Final = frozenset({"response.output_audio.delta", "response.audio.delta"})


class OpenAICodec:
    """Codec of one OpenAI Realtime connection, GA or beta.

    Args:
        voice: Asked for by one `session.update` if `session.created` names another.
    """

    def __init__(self, *, voice: str | None = None) -> None:
        self._voice = voice
        # PCM is the service's default; the session says so in its first message.
        self._session_format: AudioFormat | None = _PCM
        self._response_formats: dict[str, AudioFormat | None] = {}
        self._audio_events = 0

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Reads a frame from OpenAI."""
        message = read_object(frame)
        kind = member(message, "type")
        if isinstance(kind, str) and kind in _AUDIO_DELTAS:
            return (self._audio(member(message, "response_id"), member(message, "delta")),)
        match kind:
            case "session.created" | "session.updated":
                return self._session(member(message, "session"), first=kind == "session.created")
            case "response.created":
                self._response_created(member(message, "response"))
            case "response.done":
                response = member(message, "response")
                self._response_formats.pop(str(member(response, "id")), None)
                return (Interrupted() if member(response, "status") == "cancelled" else TurnEnded(),)
            case "input_audio_buffer.speech_started":
                return (Interrupted(),)
        return ()

    def attach(self, frame: Frame, _audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Adds the member `mascotVisemes` to the audio delta."""
        return (like(frame, insert_member(as_text(frame), (), "mascotVisemes", payload)),)

    def see_client(self, frame: Frame) -> Frame:
        """Passes the app's frame on as it is."""
        return frame

    def _session(self, session: Any, *, first: bool) -> tuple[Event, ...]:
        stated = _stated_format(session, "output_audio_format")
        if stated is not None:
            self._session_format = _FORMATS.get(stated)
        voice = member(session, "audio", "output", "voice") or member(session, "voice")
        if not first or self._voice is None or voice == self._voice:
            return ()
        return (AskUpstream(json.dumps(self._voice_update(beta=member(session, "audio") is None))),)

    def _voice_update(self, *, beta: bool) -> dict[str, object]:
        if beta:
            return {"type": "session.update", "session": {"voice": self._voice}}
        return {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"output": {"voice": self._voice}}},
        }

    def _response_created(self, response: Any) -> None:
        # A response may be asked for in a format of its own, whatever the session's is.
        stated = _stated_format(response, "output_audio_format")
        if stated is not None:
            self._response_formats[str(member(response, "id"))] = _FORMATS.get(stated)

    def _audio(self, response_id: object, delta: object) -> Event:
        self._audio_events += 1
        audio_format = self._response_formats.get(str(response_id), self._session_format)
        if audio_format is None:
            return Undecodable("unknown output audio format")
        data = decode_base64(delta)
        if data is None:
            return Undecodable("delta is not base64")
        return Audio(data, audio_format, self._audio_events)


def _stated_format(holder: Any, beta_name: str) -> str | None:
    """The output format a session or response states; `None` where it states none."""
    stated = member(holder, "audio", "output", "format", "type") or member(holder, beta_name)
    return stated if isinstance(stated, str) else None
