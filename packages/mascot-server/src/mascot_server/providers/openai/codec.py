"""OpenAI Realtime: visemes are an additional field of the audio delta event, whose `delta` is unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mascot_server.providers.codec import (
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
    unreadable_audio,
)
from mascot_server.providers.json_edit import insert_member
from mascot_server.providers.openai.animation import AnimatedAudio, Animation
from mascot_server.providers.openai.memory import remember

if TYPE_CHECKING:
    from mascot_server.providers.openai.config import VisemeEvents

__all__ = ["OpenAICodec"]

_PCM_RATE: Final = 24000
_RATES: Final = range(8000, 48001)
_PCM: Final = AudioFormat("pcm16", _PCM_RATE)
_MULAW: Final = AudioFormat("mulaw", 8000)
_ALAW: Final = AudioFormat("alaw", 8000)
# GA names its formats by MIME type, where PCM may name its rate; the beta by word. Azure's Voice Live and Qwen have
# words of their own.
_FORMATS: Final = {
    "audio/pcm": _PCM,
    "audio/pcmu": _MULAW,
    "audio/pcma": _ALAW,
    "pcm16": _PCM,
    "g711_ulaw": _MULAW,
    "g711_alaw": _ALAW,
    "pcm": _PCM,
    "pcm24": _PCM,
    "pcm16_8000hz": AudioFormat("pcm16", 8000),
    "pcm16_16000hz": AudioFormat("pcm16", 16000),
}
_AUDIO_DELTAS: Final = frozenset({"response.output_audio.delta", "response.audio.delta"})
_BETA_SESSION: Final = frozenset({"voice", "modalities", "output_audio_format", "input_audio_format"})
"""Fields of a session that exist in the beta but not in GA."""

_LONGEST_ID: Final = 256
_CUSTOM_VOICE: Final = "voice_"
"""Prefix of the ids of custom voices. A custom voice is given as an object, a built-in voice as a string."""
_UPDATE: Final = "session.update"
_HEAD: Final = 512
"""Characters of an app's event that are searched for its type; most events are audio and need no parsing."""
_LONGEST_UPDATE: Final = 2**18
"""Most characters of an update that is parsed. The service sends the accepted session back, so nothing is lost."""


class OpenAICodec:
    """Codec of one OpenAI Realtime connection, GA or beta.

    Several responses may be active at once, with different IDs; each has its own viseme stream.

    Args:
        voice: Name or id of the voice that one `session.update` asks for if `session.created` names another.
        custom_voice: Whether `voice` is the id of a custom voice, which updates name by an object.
        viseme_events: How visemes are sent.
    """

    closing = False

    def __init__(
        self,
        *,
        voice: str | None = None,
        custom_voice: bool = False,
        viseme_events: VisemeEvents = "mascot",
    ) -> None:
        self._voice = voice
        self._custom_voice = custom_voice or (voice is not None and voice.startswith(_CUSTOM_VOICE))
        self._animation = Animation() if viseme_events == "azure" else None
        # PCM is the service's default; the first message of the session states the format.
        self._session_format: AudioFormat | None = _PCM
        self._formats: dict[str, AudioFormat | None] = {}
        # Responses that have not ended and had audio, and those of them whose audio is complete.
        self._with_audio: dict[str, None] = {}
        self._complete: dict[str, None] = {}
        # Responses outside the default conversation, which the user's speech does not cancel.
        self._out_of_band: dict[str, None] = {}
        # Whether speech interrupts: the last state from the service, and later requests of the app.
        self._interrupts = True
        self._asked: bool | None = None
        self._audio_events = 0

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame from OpenAI."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, 'audio.delta"')
        kind = message.get("type")
        if isinstance(kind, str) and kind in _AUDIO_DELTAS:
            return (self._audio(_id(message.get("response_id")), message),)
        if self._animation is not None:
            self._animation.see(kind, message)
        return self._control(kind, message)

    def attach(self, frame: Frame, audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Add the field ``mascotVisemes`` to the audio delta, or send Azure's events before it."""
        if self._animation is not None and isinstance(audio, AnimatedAudio):
            return (*(like(frame, event) for event in self._animation.deltas(audio, payload)), frame)
        return (like(frame, insert_member(as_text(frame), (), "mascotVisemes", payload)),)

    def see_client(self, frame: Frame) -> Frame:
        """Return the app's frame unchanged, and note whether it changes the interruption settings."""
        if _UPDATE in as_text(frame[:_HEAD]) and len(frame) <= _LONGEST_UPDATE:
            message = read_object(frame)
            if member(message, "type") == _UPDATE:
                asked = _stated_interrupts(member(message, "session"))
                self._asked = self._asked if asked is None else asked
        return frame

    def _control(self, kind: object, message: dict[str, Any]) -> tuple[Event, ...]:
        match kind:
            case "session.created" | "session.updated":
                return self._session(message.get("session"), first=kind == "session.created")
            case "response.created":
                return self._response_created(message.get("response"))
            case "response.output_audio.done" | "response.audio.done":
                return self._audio_done(_id(message.get("response_id")))
            case "response.done":
                return self._response_done(message.get("response"))
            case "input_audio_buffer.speech_started" | "output_audio_buffer.cleared":
                return self._interruption(kind, message.get("response_id"))
            case "error":
                # It may be the answer to an update of the session, which was then rejected.
                self._asked = None
        return ()

    def _interruption(self, kind: object, response_id: object) -> tuple[Event, ...]:
        if kind == "output_audio_buffer.cleared":
            return (Interrupted(None if response_id is None else _id(response_id)),)
        interrupts = self._interrupts if self._asked is None else self._asked
        return (Interrupted(spared=frozenset(self._out_of_band)),) if interrupts else ()

    def _session(self, session: Any, *, first: bool) -> tuple[Event, ...]:
        stated = _stated_format(session)
        if stated is not None:
            self._session_format = _parse_format(stated)
        interrupts = _stated_interrupts(session)
        self._interrupts = self._interrupts if interrupts is None else interrupts
        self._asked = None
        voice = member(session, "audio", "output", "voice") or member(session, "voice")
        # A custom voice is an object.
        voice = member(voice, "id") if isinstance(voice, dict) else voice
        if not first or self._voice is None or voice == self._voice:
            return ()
        beta = isinstance(session, dict) and "audio" not in session and not _BETA_SESSION.isdisjoint(session)
        return (AskUpstream(json.dumps(self._voice_update(beta=beta))),)

    def _voice_update(self, *, beta: bool) -> dict[str, object]:
        voice = {"id": self._voice} if self._custom_voice else self._voice
        if beta:
            return {"type": _UPDATE, "session": {"voice": voice}}
        return {"type": _UPDATE, "session": {"type": "realtime", "audio": {"output": {"voice": voice}}}}

    def _response_created(self, response: Any) -> tuple[Event, ...]:
        response_id = _id(member(response, "id"))
        out_of_band = isinstance(response, dict) and response.get("conversation_id", "") is None
        # Some services omit the event that ends a response. A response whose audio is complete is over by now.
        ended = tuple(event for name in self._complete for event in self._end(name))
        self._complete.clear()
        # A response can be requested in another format than that of the session.
        stated = _stated_format(response)
        if stated is not None:
            remember(self._formats, response_id, _parse_format(stated))
        if out_of_band:
            remember(self._out_of_band, response_id, None)
        return ended

    def _response_done(self, response: Any) -> tuple[Event, ...]:
        """End the stream of this response alone; one without audio has none."""
        response_id = _id(member(response, "id"))
        self._complete.pop(response_id, None)
        return self._end(response_id, cancelled=member(response, "status") == "cancelled")

    def _end(self, response_id: str, *, cancelled: bool = False) -> tuple[Event, ...]:
        self._formats.pop(response_id, None)
        if response_id not in self._with_audio:
            return ()
        del self._with_audio[response_id]
        end = Interrupted(response_id) if cancelled else TurnEnded(response_id)
        return (end, *self._finish_visemes(response_id))

    def _audio_done(self, response_id: str) -> tuple[Event, ...]:
        if response_id in self._with_audio:
            remember(self._complete, response_id, None)
        return self._finish_visemes(response_id)

    def _finish_visemes(self, response_id: str) -> tuple[Event, ...]:
        return () if self._animation is None else self._animation.finish(response_id)

    def _audio(self, response_id: str, message: dict[str, Any]) -> Event:
        self._audio_events += 1
        if response_id not in self._with_audio:
            remember(self._with_audio, response_id, None)
        audio_format = self._formats.get(response_id, self._session_format)
        if audio_format is None:
            return Undecodable("unknown output audio format")
        data = decode_base64(message.get("delta"))
        if data is None:
            return Undecodable("delta is not base64")
        audio = Audio(data, audio_format, self._audio_events, stream=response_id)
        return audio if self._animation is None else self._animation.place(audio, message)


def _id(value: object) -> str:
    """Return the id of a response; empty if it has none or one that is too long to store."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_ID else ""


def _stated_interrupts(session: object) -> bool | None:
    """Return whether speech interrupts, according to a session; `None` if the session does not state it."""
    for holder in (member(session, "audio", "input"), session):
        detection = member(holder, "turn_detection")
        if isinstance(detection, dict):
            return detection.get("interrupt_response") is not False
    return None


def _stated_format(holder: object) -> dict[str, Any] | None:
    """Return the output format that a session or a response states; `None` if it states none."""
    stated = member(holder, "audio", "output", "format") or member(holder, "output_audio_format")
    if isinstance(stated, str):
        return {"type": stated}
    return stated if isinstance(stated, dict) and isinstance(stated.get("type"), str) else None


def _parse_format(stated: dict[str, Any]) -> AudioFormat | None:
    audio_format = _FORMATS.get(stated["type"].strip().lower())
    rate = stated.get("rate")
    if audio_format is _PCM and type(rate) is int and rate in _RATES:
        return AudioFormat("pcm16", rate)
    return audio_format
