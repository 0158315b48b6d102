"""Viseme payloads: the mouth shapes of the audio of one message."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from mascot_client.errors import ProtocolError
from mascot_client.weights import BlendWeights

MAX_VISEME_ID = 21
"""The highest id of the Microsoft (SAPI) viseme set; 0 is silence."""

VisemeId: TypeAlias = int | Any
"""A viseme: an ``int`` in the set ``sapi``, a ``str`` in the other sets.

The type is ``Any`` instead of ``str``, so that code for one set needs no type check.
"""


@dataclass(frozen=True, slots=True)
class VisemeEvent:
    """The start of a viseme.

    Attributes:
        id: The Microsoft (SAPI) viseme id, 0 to 21; 0 is the closed mouth. If ``viseme_shapes`` sets another set of
            shapes, the name of the viseme in that set; ``"sil"`` or ``"X"`` is the closed mouth.
        offset_ms: The start, in milliseconds from the start of the payload's audio.
    """

    id: VisemeId
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Visemes:
    """The visemes of the audio of one message.

    A viseme lasts until the next one, which can be in the next message. If ``visemes`` is empty, the shape does not
    change in this audio; you must still count its ``audio_duration_ms``.

    Attributes:
        visemes: The events, sorted by offset.
        audio_event_id: For ElevenLabs the ``event_id`` of the audio; all audio of a turn can have the same id. For the
            other providers a number that increases during the connection.
        audio_duration_ms: The duration of the audio in milliseconds.
        subchunk_id: The number of this part of the audio event, starting at 1.
        total_chunks: The number of parts of the audio event.
        weights: The blend weights of the audio; ``None`` if ``viseme_weights`` is not set, or if they were not ready
            in time.
    """

    visemes: tuple[VisemeEvent, ...]
    audio_event_id: int
    audio_duration_ms: float
    subchunk_id: int = 1
    total_chunks: int = 1
    weights: BlendWeights | None = None

    @classmethod
    def parse(cls, payload: object) -> Self:
        """Validate a payload and return it as an object.

        Args:
            payload: The decoded JSON object. Unknown members are ignored.

        Returns:
            The validated payload.

        Raises:
            ProtocolError: The payload is not an object, or a member is missing, has the wrong type or is out of range.
        """
        if not isinstance(payload, Mapping):
            raise ProtocolError("visemes payload", "must be a JSON object")
        duration = _number(payload, "audio_duration")
        subchunk_id = _count(payload, "subchunk_id")
        total_chunks = _count(payload, "total_chunks")
        if subchunk_id > total_chunks:
            raise ProtocolError("subchunk_id", "must not be above total_chunks")
        return cls(
            visemes=_visemes(payload.get("visemes"), duration),
            audio_event_id=_integer(payload, "audio_event_id"),
            audio_duration_ms=duration,
            subchunk_id=subchunk_id,
            total_chunks=total_chunks,
            weights=BlendWeights.parse(payload["weights"]) if payload.get("weights") is not None else None,
        )

    @classmethod
    def parse_or_none(cls, payload: object) -> Self | None:
        """Validate a payload and return it as an object; return ``None`` if it is not valid.

        The provider helpers use this method, so that an invalid payload never ends a conversation.
        """
        try:
            return cls.parse(payload)
        except ProtocolError:
            return None


def _visemes(entries: object, duration: float) -> tuple[VisemeEvent, ...]:
    if not isinstance(entries, Sequence) or isinstance(entries, str | bytes):
        raise ProtocolError("visemes", "must be a list")
    visemes: list[VisemeEvent] = []
    earliest = 0
    for index, entry in enumerate(entries):
        where = f"visemes[{index}]"
        if not isinstance(entry, Mapping):
            raise ProtocolError(where, "must be a JSON object")
        viseme = VisemeEvent(id=_viseme(entry, where), offset_ms=_integer(entry, "offset", where))
        if not earliest <= viseme.offset_ms < duration:
            raise ProtocolError(f"{where}.offset", "must be within the audio and in ascending order")
        earliest = viseme.offset_ms
        visemes.append(viseme)
    return tuple(visemes)


def _viseme(entry: Mapping[str, object], where: str) -> VisemeId:
    name = entry.get("viseme")
    if isinstance(name, str) and name:
        return name
    if name is not None:
        raise ProtocolError(f"{where}.viseme", "must be a non-empty string")
    number = _integer(entry, "visemeId", where)
    if not 0 <= number <= MAX_VISEME_ID:
        raise ProtocolError(f"{where}.visemeId", f"must be between 0 and {MAX_VISEME_ID}")
    return number


def _integer(member_of: Mapping[str, object], name: str, where: str = "") -> int:
    value = member_of.get(name)
    # In Python, JSON's true is an int.
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProtocolError(f"{where}.{name}".lstrip("."), "must be an integer")
    return value


def _count(payload: Mapping[str, object], name: str) -> int:
    # Both counters are always 1 today. A payload without them has one part.
    if name not in payload:
        return 1
    value = _integer(payload, name)
    if value < 1:
        raise ProtocolError(name, "must be 1 or more")
    return value


def _number(payload: Mapping[str, object], name: str) -> float:
    value = payload.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ProtocolError(name, "must be a number of milliseconds, 0 or more")
    return value
