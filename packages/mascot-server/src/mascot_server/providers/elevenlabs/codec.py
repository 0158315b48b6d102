"""ElevenLabs Conversational AI: visemes are a text frame of their own, right before the audio they describe."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

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
        # The JavaScript SDK connects only if the metadata is the very first message it sees.
        self._started = False
        self._audio_events = 0
        # Number of the latest audio; `None` if it has none that interruptions could be compared with.
        self._latest: int | None = None

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Reads a frame from ElevenLabs."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, '"audio_base_64"')
        match message.get("type"):
            case "audio":
                return (self._audio(member(message, "audio_event")),)
            case "conversation_initiation_metadata":
                self._start(
                    member(message, "conversation_initiation_metadata_event", "agent_output_audio_format")
                )
            case "interruption":
                return self._interruption(member(message, "interruption_event", "event_id"))
            case "user_transcript":
                return (TurnEnded(),)
        return ()

    def attach(self, frame: Frame, _audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Puts a `visemes` message before the untouched audio frame."""
        return f'{{"type":"visemes",{payload[1:]}', frame

    def see_client(self, frame: Frame) -> Frame:
        """Merges the configured dynamic variables into the first `conversation_initiation_client_data`."""
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

    def _audio(self, event: object) -> Event:
        self._audio_events += 1
        event_id = self._latest = _number(member(event, "event_id"))
        if not self._started:
            return Undecodable("audio before conversation_initiation_metadata")
        if self._format is None:
            return Undecodable("unknown agent_output_audio_format")
        data = decode_base64(member(event, "audio_base_64"))
        if data is None:
            return Undecodable("audio_base_64 is not base64")
        return Audio(data, self._format, self._audio_events if event_id is None else event_id)

    def _interruption(self, event_id: object) -> tuple[Event, ...]:
        """Return what an interruption of the audio up to a number means.

        The SDKs go on playing audio with higher numbers. An interruption that is older than the latest audio
        concerns none that visemes are still needed for.
        """
        number = _number(event_id)
        if number is not None and self._latest is not None and number < self._latest:
            return ()
        return (Interrupted(),)


def _number(value: object) -> int | None:
    """Return an event number, which the SDKs take as text too; JSON's `true` is an int to Python, but none."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    return value if type(value) is int else None


def _parse_format(name: object) -> AudioFormat | None:
    match = _FORMAT.fullmatch(name.lower()) if isinstance(name, str) else None
    if match is None or int(match[2]) not in _RATES:
        return None
    return AudioFormat(_ENCODINGS[match[1]], int(match[2]))  # type: ignore[arg-type]  # values are Encodings
