"""Server-sent events of both endpoints (`text/event-stream`), with the fields of the published contract."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from mascot_server.inference.viseme_sets import DEFAULT_SETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_server.inference.weights import WeightRows
    from mascot_visemes import VisemeEvent

__all__ = [
    "KEEP_ALIVE",
    "audio_event",
    "chunk_error",
    "chunk_event",
    "speech_error",
    "speech_visemes_event",
    "visemes_answer",
    "visemes_list",
]

KEEP_ALIVE: Final = b": keep-alive\n\n"
"""A comment, which parsers of event streams skip."""


def visemes_list(changes: Sequence[VisemeEvent], sets: VisemeSets = DEFAULT_SETS) -> list[dict[str, Any]]:
    """Return visemes in the format of the API, with offsets in ms from the start of the audio."""
    return [{sets.event_member: change.viseme, "offset": change.time_ms} for change in changes]


def visemes_answer(
    changes: Sequence[VisemeEvent], weights: WeightRows | None, sets: VisemeSets
) -> list[dict[str, Any]] | dict[str, Any]:
    """Return the whole response as JSON: a list of visemes, or an object with that list and the blend weights."""
    found = visemes_list(changes, sets)
    return found if weights is None else {"visemes": found, **_weights(weights, named=True)}


def chunk_event(
    changes: Sequence[VisemeEvent],
    *,
    number: int,
    total: int,
    duration_ms: int,
    sets: VisemeSets = DEFAULT_SETS,
    weights: WeightRows | None = None,
) -> bytes:
    """Return the event with the visemes of chunk `number` (from 1) of `total`."""
    return _data(
        {
            "visemes": visemes_list(changes, sets),
            "chunk_progress": f"{number}/{total}",
            "chunk_duration_ms": duration_ms,
            **_weights(weights, named=number == 1),
        }
    )


def chunk_error(number: int, reason: str) -> bytes:
    """Return the events that end a stream after chunk `number` failed.

    The line of the contract comes first. Parsers of event streams ignore its field `error`, so a regular event follows.
    The event has an empty list of visemes, for clients that read that field of every event.
    """
    text = f"Error processing chunk {number}"
    line = b"error: " + _json({"message": text, "chunk_id": number}) + b"\n\n"
    return line + _data(
        {"type": "error", "error": f"{text}: {reason}", "chunk_id": number, "visemes": []},
    )


def audio_event(pcm: bytes, *, sample_rate: int, sequence: int, duration_ms: int) -> bytes:
    """Return the event with a chunk of speech, PCM16 mono."""
    return _data(
        {
            "type": "audio",
            "data": base64.b64encode(pcm).decode(),
            "sample_rate": sample_rate,
            "sequence": sequence,
            "chunk_duration_ms": duration_ms,
        }
    )


def speech_visemes_event(
    changes: Sequence[VisemeEvent],
    *,
    sequence: int,
    duration_ms: int,
    sets: VisemeSets = DEFAULT_SETS,
    weights: WeightRows | None = None,
) -> bytes:
    """Return the event with the visemes of chunk `sequence` (from 0). The number of chunks is not known in advance."""
    return _data(
        {
            "type": "visemes",
            "visemes": visemes_list(changes, sets),
            "chunk_duration_ms": duration_ms,
            "audio_sequence": sequence,
            "viseme_sequence": f"{sequence + 1}/{sequence + 1}",
            **_weights(weights, named=sequence == 0),
        }
    )


def speech_error(text: str) -> bytes:
    """Return the event that ends speech after an error."""
    return _data({"type": "error", "error": text})


def _weights(weights: WeightRows | None, *, named: bool) -> dict[str, Any]:
    return {} if weights is None else {"weights": weights.as_json(named=named)}


def _data(event: dict[str, Any]) -> bytes:
    return b"data: " + _json(event) + b"\n\n"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
