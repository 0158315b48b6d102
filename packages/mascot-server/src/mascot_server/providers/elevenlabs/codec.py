"""ElevenLabs Conversational AI: visemes are sent as a separate text frame, just before their audio."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from mascot_server.providers.codec import (
    Audio,
    AudioFormat,
    Encoding,
    Event,
    Frame,
    Interrupted,
    JsonObject,
    TurnEnded,
    Undecodable,
    as_text,
    decode_base64,
    like,
    member,
    read_object,
    unreadable_audio,
)
from mascot_server.providers.json_edit import insert_members, replace_value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ElevenLabsCodec"]

_FORMAT: Final = re.compile(r"(pcm|ulaw|alaw)_(\d{4,5})")
_ENCODINGS: Final = {"pcm": "pcm16", "ulaw": "mulaw", "alaw": "alaw"}
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_RATES: Final = range(8000, 48001)
_SILENCE: Final[Mapping[Encoding, bytes]] = {"pcm16": b"\x00", "mulaw": b"\xff", "alaw": b"\xd5"}


class ElevenLabsCodec:
    """Codec of one ElevenLabs conversation.

    Args:
        sample_rate: Rate in Hz of 16-bit PCM to assume where the provider does not name its format.
        dynamic_variables: Merged into the app's first `conversation_initiation_client_data`; what the app says
        wins.
    """

    closing = False

    def __init__(
        self,
        *,
        sample_rate: int | None = None,
        dynamic_variables: Mapping[str, str | float | bool] | None = None,
    ) -> None:
        self._fallback = AudioFormat("pcm16", sample_rate) if sample_rate else None
        self._variables = dict(dynamic_variables or {})
        self._format: AudioFormat | None = None
        # The JavaScript SDK connects only if the metadata is the very first message that it receives.
        self._started = False
        self._audio_events = 0
        # Number of the latest audio; `None` if it has no number to compare with interruptions. All audio of a turn may
        # have the same number.
        self._latest: int | None = None
        # Number up to which audio was interrupted, and whether such audio has arrived since then.
        self._interrupted: int | None = None
        self._late = False
        # Whether the caller waits in a queue, so that the audio is music.
        self._waiting = False

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame from ElevenLabs."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, '"audio_base_64"')
        match message.get("type"):
            case "audio":
                return self._audio(member(message, "audio_event"))
            case "conversation_initiation_metadata":
                self._start(
                    member(message, "conversation_initiation_metadata_event", "agent_output_audio_format")
                )
                return ()
        return self._turn(message)

    def attach(self, frame: Frame, _audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Return a ``visemes`` message, followed by the unchanged audio frame."""
        return f'{{"type":"visemes",{payload[1:]}', frame

    def see_client(self, frame: Frame) -> Frame:
        """Merge the configured dynamic variables into the first ``conversation_initiation_client_data``."""
        if not self._variables:
            return frame
        message = read_object(frame)
        if message is None or message.get("type") != "conversation_initiation_client_data":
            return frame
        configured, self._variables = self._variables, {}
        members = {name: json.dumps(value) for name, value in configured.items()}
        text, said = as_text(frame), message.get("dynamic_variables")
        if isinstance(said, dict):
            missing = {name: value for name, value in members.items() if name not in said}
            return like(frame, insert_members(text, ("dynamic_variables",), missing)) if missing else frame
        merged = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members.items()) + "}"
        if "dynamic_variables" in message:
            return like(frame, replace_value(text, ("dynamic_variables",), merged))
        return like(frame, insert_members(text, (), {"dynamic_variables": merged}))

    def _start(self, name: object) -> None:
        self._started = True
        self._format = self._fallback if name is None else _parse_format(name)

    def _turn(self, message: JsonObject) -> tuple[Event, ...]:
        """Return the turn events of a message without audio."""
        match message.get("type"):
            case "interruption":
                return self._interruption(member(message, "interruption_event", "event_id"))
            case "user_transcript":
                return (TurnEnded(),)
            case "agent_response_complete":
                return self._complete(member(message, "agent_response_complete_event", "event_id"))
            case "queue_status":
                return self._queue(member(message, "queue_status_event", "status"))
        return ()

    def _audio(self, event: object) -> tuple[Event, ...]:
        self._audio_events += 1
        event_id = self._latest = _number(member(event, "event_id"))
        resumed = self._resumes(event_id)
        if not self._started:
            return (*resumed, Undecodable("audio before conversation_initiation_metadata"))
        if self._format is None:
            return (*resumed, Undecodable("unknown agent_output_audio_format"))
        data = decode_base64(member(event, "audio_base_64"))
        if data is None:
            return (*resumed, Undecodable("audio_base_64 is not base64"))
        if self._waiting:
            # There is no speech: visemes are predicted for silence, so the mouth stays closed.
            data = _SILENCE[self._format.encoding] * len(data)
        number = self._audio_events if event_id is None else event_id
        return (*resumed, Audio(data, self._format, number))

    def _resumes(self, event_id: int | None) -> tuple[Event, ...]:
        """Repeat the interruption before the first audio that is played after interrupted audio.

        The SDKs do not play further audio of an interrupted turn, so the shapes sent with it are not displayed.
        """
        if event_id is None or self._interrupted is None:
            return ()
        if event_id <= self._interrupted:
            self._late = True
            return ()
        late, self._late = self._late, False
        return (Interrupted(),) if late else ()

    def _interruption(self, event_id: object) -> tuple[Event, ...]:
        """Return the event for an interruption of the audio up to a number.

        The SDKs continue to play audio with higher numbers. An interruption that is older than the latest audio
        does not apply to any audio that still needs visemes.
        """
        number = _number(event_id)
        if number is not None:
            self._interrupted, self._late = number, False
            if self._latest is not None and number < self._latest:
                return ()
        return (Interrupted(),)

    def _complete(self, event_id: object) -> tuple[Event, ...]:
        """Return the end of the turn, unless audio of a later turn has arrived."""
        number = _number(event_id)
        is_past = number is not None and self._latest is not None and number < self._latest
        return () if is_past else (TurnEnded(),)

    def _queue(self, status: object) -> tuple[Event, ...]:
        """Return the end of the music, or of the speech before it."""
        before, self._waiting = self._waiting, status == "waiting"
        return (TurnEnded(),) if self._waiting != before else ()


def _number(value: object) -> int | None:
    """Return an event number. The SDKs also accept a string. `true` is rejected, although Python's `bool` is an int."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    return value if type(value) is int else None


def _parse_format(name: object) -> AudioFormat | None:
    match = _FORMAT.fullmatch(name.lower()) if isinstance(name, str) else None
    if match is None or int(match[2]) not in _RATES:
        return None
    return AudioFormat(_ENCODINGS[match[1]], int(match[2]))  # type: ignore[arg-type]  # values are Encodings
