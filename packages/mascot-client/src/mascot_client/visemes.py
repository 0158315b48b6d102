"""The payload that tells a mouth what to do while one message's audio plays."""

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
"""A viseme: an ``int`` of the set ``sapi``, a ``str`` of the other sets.

``Any`` stands for the ``str``, so that code for one set passes a type checker without a check of the type.
"""


@dataclass(frozen=True, slots=True)
class VisemeEvent:
    """The mouth takes on a shape.

    Attributes:
        id: Microsoft (SAPI) viseme id, 0 to 21; 0 is the closed, silent mouth. Where another set was asked for
            (``viseme_shapes``), the name of the viseme in that set; ``"sil"`` or ``"X"`` is the closed mouth.
        offset_ms: When, in milliseconds from the start of the audio that the payload describes.
    """

    id: VisemeId
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Visemes:
    """The mouth shapes of one message's audio.

    A shape holds until the next one, also into the audio of the next message. An empty ``visemes`` means that
    the shape does not change in this audio, so ``audio_duration_ms`` must be counted all the same.

    Attributes:
        visemes: The changes of shape, in the order of their offsets.
        audio_event_id: ElevenLabs' own ``event_id`` of the audio, which all audio of a turn may share; for the other
            providers a number that grows over the connection.
        audio_duration_ms: How long the described audio lasts, in milliseconds.
        subchunk_id: Which part of the audio event this is, counted from 1.
        total_chunks: How many parts the audio event has.
        weights: Blend weights of the audio, where they were asked for (``viseme_weights``) and are known in time.
    """

    visemes: tuple[VisemeEvent, ...]
    audio_event_id: int
    audio_duration_ms: float
    subchunk_id: int = 1
    total_chunks: int = 1
    weights: BlendWeights | None = None

    @classmethod
    def parse(cls, payload: object) -> Self:
        """Read one payload off the wire.

        Args:
            payload: The decoded JSON object. Members this version does not know are ignored.

        Returns:
            The payload, every value checked.

        Raises:
            ProtocolError: The payload is no object, or a member is missing, mistyped or out of range.
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
        """Read one payload off the wire, or give ``None`` for anything that is not one.

        This is what the provider helpers use: a bad payload costs a few mouth shapes and never the call.
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
            raise ProtocolError(f"{where}.offset", "must lie inside the audio, in ascending order")
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
        raise ProtocolError(f"{where}.visemeId", f"must be within 0 and {MAX_VISEME_ID}")
    return number


def _integer(member_of: Mapping[str, object], name: str, where: str = "") -> int:
    value = member_of.get(name)
    # JSON's true is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProtocolError(f"{where}.{name}".lstrip("."), "must be an integer")
    return value


def _count(payload: Mapping[str, object], name: str) -> int:
    # Both counters are always 1 today; a payload without them is a whole one.
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
