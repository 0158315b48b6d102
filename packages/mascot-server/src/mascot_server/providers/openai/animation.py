"""Visemes as separate events, in the format of Azure's Voice Live.

For ``viseme_events: "azure"``: one ``response.animation_viseme.delta`` for each change, before the audio that it
belongs to, with its time from the start of the response's audio; and one ``.done`` before the audio's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json

from mascot_server.providers.codec import Audio, TellApp, member
from mascot_server.providers.openai.memory import remember

__all__ = ["AnimatedAudio", "Animation"]

_DELTA: Final = "response.animation_viseme.delta"
_DONE: Final = "response.animation_viseme.done"
_OURS: Final = (_DELTA, _DONE)
_INDICES: Final = ("output_index", "content_index")
_LONGEST_ID: Final = 256


@dataclass(slots=True)
class AnimatedAudio(Audio):
    """Audio of a response, and where it is in the response.

    Attributes:
        start_ms: Length of the response's audio before it.
        position: Fields of its event that identify its response and content part.
    """

    start_ms: float = 0
    position: tuple[tuple[str, str | int], ...] = ()


@dataclass(slots=True)
class _Response:
    sent_ms: float = 0
    position: tuple[tuple[str, str | int], ...] = ()


class Animation:
    """The viseme events of one connection."""

    def __init__(self) -> None:
        self._responses: dict[str, _Response] = {}
        self._upstream_animates = False
        self._events = 0
        self._shown = 0

    def see(self, kind: object, message: dict[str, Any]) -> None:
        """Note whether the service sends such events itself; if so, none are added."""
        outputs = member(message, "session", "animation", "outputs")
        if kind in _OURS or (isinstance(outputs, list) and "viseme_id" in outputs):
            self._upstream_animates = True

    def place(self, audio: Audio, message: dict[str, Any]) -> AnimatedAudio:
        """Return the audio of an event with its place in the response."""
        response = self._responses.get(audio.stream)
        if response is None:
            response = _Response()
            remember(self._responses, audio.stream, response)
        start_ms, response.position = response.sent_ms, _position(message)
        response.sent_ms += audio.duration_ms
        return AnimatedAudio(
            audio.data,
            audio.format,
            audio.event_id,
            audio.place,
            audio.stream,
            start_ms=start_ms,
            position=response.position,
        )

    def deltas(self, audio: AnimatedAudio, payload: str) -> tuple[str, ...]:
        """Return the events for the changes of a viseme payload, and for the shape that a response begins with."""
        if self._upstream_animates:
            return ()
        changes = [(change["offset"], change["visemeId"]) for change in from_json(payload)["visemes"]]
        if audio.start_ms == 0 and not (changes and changes[0][0] == 0):
            # Times are relative to the response, so each response states its initial shape.
            changes.insert(0, (0, self._shown))
        self._shown = changes[-1][1] if changes else self._shown
        return tuple(
            self._event(
                _DELTA, audio.position, audio_offset_ms=int(audio.start_ms + offset), viseme_id=viseme
            )
            for offset, viseme in changes
        )

    def finish(self, response_id: str) -> tuple[TellApp, ...]:
        """Return the event that ends the visemes of a response, once and only if it had audio."""
        response = self._responses.pop(response_id, None)
        if response is None or self._upstream_animates:
            return ()
        return (TellApp(self._event(_DONE, response.position)),)

    def _event(self, kind: str, position: tuple[tuple[str, str | int], ...], **rest: int) -> str:
        self._events += 1
        event = {"type": kind, "event_id": f"event_mascot_{self._events}", **dict(position), **rest}
        return json.dumps(event, separators=(",", ":"))


def _position(message: dict[str, Any]) -> tuple[tuple[str, str | int], ...]:
    ids = ((name, message.get(name)) for name in ("response_id", "item_id"))
    # Some services omit the indices.
    indices = ((name, message.get(name, 0)) for name in _INDICES)
    return (
        *((name, value) for name, value in ids if isinstance(value, str) and len(value) <= _LONGEST_ID),
        *((name, value if type(value) is int else 0) for name, value in indices),
    )
