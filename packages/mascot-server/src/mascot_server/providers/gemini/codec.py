"""Gemini Live: visemes are an additional top-level field of the message with audio.

google-genai drops unknown fields but keeps a part's `partMetadata`, so Python apps get the payload there as well.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

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
from mascot_server.providers.json_edit import insert_member, replace_value

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GeminiCodec", "developer_name"]

_MEMBER: Final = "mascotVisemes"
_PARTS: Final = ("serverContent", "modelTurn", "parts")
_METADATA: Final = "partMetadata"
_DEFAULT_RATE: Final = 24000
"""Rate in Hz of Gemini Live's audio output, for a MIME type that does not name one."""
_RATES: Final = range(8000, 48001)
_AUDIO: Final = "audio/"
_LONGEST_TYPE: Final = 256
"""Most characters of a MIME type; a longer one is not parsed."""


def developer_name(model: str) -> str:
    """Return the resource name of a model in the Developer API, also for a name in the form of Vertex AI."""
    if model.startswith(("projects/", "publishers/")):
        return f"models/{model.rpartition('/')[2]}"
    return model if "/" in model else f"models/{model}"


class GeminiCodec:
    """Codec of one Gemini Live session.

    Args:
        model: Replaces `setup.model` of the app if it differs.
        resource_name: Returns the provider's resource name of a model.
        renames_apps_model: Write `setup.model` of the app as the provider has it, where no `model` replaces it.
        part_metadata: Put the payload into the audio part's `partMetadata` too, where google-genai for Python
        finds it.
    """

    closing = False

    def __init__(
        self,
        *,
        model: str | None = None,
        resource_name: Callable[[str], str] = developer_name,
        renames_apps_model: bool = False,
        part_metadata: bool = False,
    ) -> None:
        self._model = None if model is None else resource_name(model)
        self._resource_name = resource_name
        self._renames_apps_model = renames_apps_model
        self._part_metadata = part_metadata
        self._audio_events = 0

    def see(self, frame: Frame) -> tuple[Event, ...]:
        """Read a frame from Gemini."""
        message = read_object(frame)
        if message is None:
            return unreadable_audio(frame, '"inlineData"')
        content = message.get("serverContent")
        if not isinstance(content, dict):
            return ()
        events: list[Event] = []
        if content.get("interrupted") is True:
            events.append(Interrupted())
        audio = self._audio(member(content, "modelTurn", "parts"))
        if audio is not None:
            events.append(audio)
        if content.get("turnComplete") is True or content.get("generationComplete") is True:
            events.append(TurnEnded())
        return tuple(events)

    def attach(self, frame: Frame, audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        """Add ``mascotVisemes`` to the message, and to the first audio part's metadata for Python apps."""
        text = as_text(frame)
        if self._part_metadata:
            has_metadata = audio.place[-1] == _METADATA
            name, value = (_MEMBER, payload) if has_metadata else (_METADATA, f'{{"{_MEMBER}":{payload}}}')
            text = insert_member(text, audio.place, name, value)
        return (like(frame, insert_member(text, (), _MEMBER, payload)),)

    def see_client(self, frame: Frame) -> Frame:
        """Replace the model of the app's ``setup`` by the configured one, or by the provider's name for it."""
        if self._model is None and not self._renames_apps_model:
            return frame
        setup = member(read_object(frame), "setup")
        if not isinstance(setup, dict):
            return frame
        asked = setup.get("model")
        wanted = self._model
        if wanted is None and isinstance(asked, str):
            wanted = self._resource_name(asked)
        if wanted is None or asked == wanted:
            return frame
        model = json.dumps(wanted)
        text = as_text(frame)
        if "model" in setup:
            return like(frame, replace_value(text, ("setup", "model"), model))
        return like(frame, insert_member(text, ("setup",), "model", model))

    def _audio(self, parts: Any) -> Event | None:
        """Join all audio of a message, because a message has one payload."""
        if not isinstance(parts, list):
            return None
        found = [(index, member(part, "inlineData")) for index, part in enumerate(parts)]
        found = [(index, blob) for index, blob in found if _is_audio(member(blob, "mimeType"))]
        if not found:
            return None
        self._audio_events += 1
        formats = {_parse_format(blob["mimeType"]) for _, blob in found}
        audio_format = formats.pop()
        if formats or audio_format is None:
            return Undecodable("unknown or mixed audio mimeType")
        chunks = [decode_base64(member(blob, "data")) for _, blob in found]
        data = b"".join(chunk for chunk in chunks if chunk is not None)
        if None in chunks:
            return Undecodable("inlineData.data is not base64")
        first = found[0][0]
        place: tuple[str | int, ...] = (*_PARTS, first)
        if isinstance(member(parts[first], _METADATA), dict):
            place = (*place, _METADATA)
        return Audio(data, audio_format, self._audio_events, place)


def _is_audio(mime_type: object) -> bool:
    if not isinstance(mime_type, str):
        return False
    return mime_type.startswith(_AUDIO) or mime_type[:_LONGEST_TYPE].strip().lower().startswith(_AUDIO)


def _parse_format(mime_type: str) -> AudioFormat | None:
    return _known_format(mime_type) if len(mime_type) <= _LONGEST_TYPE else None


# Cached, because a provider repeats the same MIME type in every message.
@lru_cache(maxsize=64)
def _known_format(mime_type: str) -> AudioFormat | None:
    kind, *pieces = (piece.strip().lower() for piece in mime_type.split(";"))
    if kind not in {"audio/pcm", "audio/l16"}:
        return None
    pairs = (piece.partition("=")[::2] for piece in pieces)
    parameters = {name.strip(): value.strip().strip('"') for name, value in pairs}
    rate = parameters.get("rate", str(_DEFAULT_RATE))
    if not rate.isascii() or not rate.isdigit() or int(rate) not in _RATES:
        return None
    # Two channels would be decoded as one channel of double length.
    if parameters.get("channels", "1") != "1":
        return None
    return AudioFormat("pcm16", int(rate))
