"""OpenAI GPT-Live: one stream of audio per connection, which never ends and is never interrupted.

The session begins with the app's ``session.start``, which contains model, voice and audio format. The values of the
signed URL are inserted there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mascot_server.providers.codec import (
    Audio,
    AudioFormat,
    Event,
    Frame,
    Undecodable,
    as_text,
    decode_base64,
    like,
    member,
    read_object,
    unreadable_audio,
)
from mascot_server.providers.json_edit import insert_member, replace_value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LiveCodec"]

_PCM_RATE: Final = 24000
_RATES: Final = range(8000, 48001)
_PCM: Final = AudioFormat("pcm16", _PCM_RATE)
_G711: Final = {"audio/pcmu": AudioFormat("mulaw", 8000), "audio/pcma": AudioFormat("alaw", 8000)}

_CUSTOM_VOICE: Final = "voice_"
"""Prefix of the ids of custom voices. A custom voice is given as an object, a built-in voice as a string."""

_LONGEST_CLOSE: Final = 2048
"""Characters of a ``session.close``. Longer messages, nearly all of them audio, are not parsed."""


class LiveCodec:
    """Codec of one GPT-Live connection.

    Args:
        model: Put into the app's ``session.start``; ``None`` leaves the app its own.
        voice: Name or id of the voice, likewise.
        custom_voice: Whether `voice` is the id of a custom voice, which is named by an object.

    Attributes:
        closing: Whether the app has sent ``session.close`` and ``session.closed`` has not come yet.
    """

    def __init__(
        self, *, model: str | None = None, voice: str | None = None, custom_voice: bool = False
    ) -> None:
        self._model = model
        self._voice = voice
        self._custom_voice = custom_voice or (voice is not None and voice.startswith(_CUSTOM_VOICE))
        self._format: AudioFormat | None = _PCM
        self._started = False
        self._deltas = 0
        self.closing = False

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame from OpenAI."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, 'output_audio.delta"')
        match message.get("type"):
            case "session.output_audio.delta":
                return (self._audio(message.get("delta")),)
            case "session.started":
                self._started = True
                # It gives the resolved session, but may leave out the audio.
                self._format = _stated_format(message.get("session"), self._format)
            case "session.closed":
                self.closing = False
        return ()

    def attach(self, frame: Frame, _audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Add the member ``mascotVisemes`` to the audio delta."""
        return (like(frame, insert_member(as_text(frame), (), "mascotVisemes", payload)),)

    def see_client(self, frame: Frame) -> Frame:
        """Put model and voice into the app's ``session.start``; everything else passes as it is.

        Once the session has started, the service accepts no other start.
        """
        if self._started:
            if len(frame) <= _LONGEST_CLOSE and "session.close" in as_text(frame):
                self.closing |= member(read_object(frame), "type") == "session.close"
            return frame
        message = read_object(frame)
        if member(message, "type") != "session.start":
            return frame
        self._format = _stated_format(member(message, "session"), _PCM)
        text = as_text(frame)
        if self._model is not None:
            text = _with_value(text, message, ("session", "model"), self._model)
        if self._voice is not None:
            # The session may have been put in with the model, so it is read anew.
            text = _with_value(
                text, read_object(text), ("session", "audio", "output", "voice"), self._named_voice()
            )
        return like(frame, text)

    def _named_voice(self) -> object:
        return {"id": self._voice} if self._custom_voice else self._voice

    def _audio(self, delta: object) -> Event:
        self._deltas += 1
        if self._format is None:
            return Undecodable("unknown output audio format")
        data = decode_base64(delta)
        if data is None:
            return Undecodable("delta is not base64")
        return Audio(data, self._format, self._deltas, real_time=True)


def _with_value(text: str, holder: Any, path: Sequence[str], value: object) -> str:
    """Set a value in a JSON text, and add the objects that lead to it where there are none.

    Args:
        text: The JSON text.
        holder: The same, parsed.
        path: Names of the members that lead to the value.
        value: The value, to be written as JSON.

    Returns:
        The text with the value; as it was if something else than an object is in the way, which the service refuses.
    """
    for depth, name in enumerate(path):
        if not isinstance(holder, dict):
            return text
        found = holder.get(name)
        if found is None or depth == len(path) - 1:
            if found == value:
                return text
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            written = json.dumps(value, separators=(",", ":"))
            if name in holder:
                return replace_value(text, path[: depth + 1], written)
            return insert_member(text, path[:depth], name, written)
        holder = found
    return text


def _stated_format(session: object, otherwise: AudioFormat | None) -> AudioFormat | None:
    """Return the format that a session states; `otherwise` where it states none; `None` for an unknown one."""
    stated = member(session, "audio", "format")
    kind = member(stated, "type")
    if not isinstance(kind, str):
        return otherwise
    kind = kind.strip().lower()
    if kind != "audio/pcm":
        return _G711.get(kind)
    rate = member(stated, "rate")
    return AudioFormat("pcm16", rate) if type(rate) is int and rate in _RATES else _PCM
