"""Events of OpenAI Realtime, to send to its simulator and to read from it."""

from __future__ import annotations

import base64
from typing import Any

USER_TEXT = {
    "type": "conversation.item.create",
    "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
}


CREATE = {"type": "response.create"}


END_OF_RESPONSE = [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """Their types, runs of the same audio and transcript deltas left out."""
    return [event["type"] for event in events if not event["type"].endswith(".delta")]


def of_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def sound(events: list[dict[str, Any]]) -> bytes:
    deltas = [event["delta"] for event in events if event["type"].endswith("audio.delta")]
    return b"".join(map(base64.b64decode, deltas))


def append(data: bytes) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}


def update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"type": "realtime", **session}}


def error_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    [event] = events
    assert event["type"] == "error"
    assert event["error"]["type"] == "invalid_request_error"
    assert event["error"].keys() == {"type", "code", "message", "param", "event_id"}
    error: dict[str, Any] = event["error"]
    return error
