"""OpenAI in the OpenAPI and AsyncAPI documents."""

from __future__ import annotations

from typing import Final

from mascot_server.providers.documents import (
    PAYLOAD_REFERENCE,
    TOKEN_IN_QUERY,
    TOKEN_PROPERTIES,
    ConfigDocument,
    SocketDocument,
)
from mascot_server.providers.openai.config import DEFAULT_MODEL

__all__ = ["CONFIG", "PATH", "PLAIN_PATH", "SOCKET", "TRANSLATION_PATHS", "TRANSLATION_SOCKET"]

PATH: Final = "/v1/openai-realtime/ws"

PLAIN_PATH: Final = "/v1/realtime"
"""OpenAI's own path, for clients that take a base URL and an API key and nothing else."""

TRANSLATION_PATHS: Final = tuple(f"{path}/translations" for path in (PATH, f"{PATH}/realtime", PLAIN_PATH))
"""OpenAI's SDKs append ``/realtime/translations`` to the URL they are given."""

CONFIG: Final = ConfigDocument(
    properties={
        **TOKEN_PROPERTIES,
        "api": {
            "type": "string",
            "enum": ["realtime", "live"],
            "description": "`live` for GPT-Live, which takes `api_key` alone; chosen by a model `gpt-live-…` as well.",
            "default": "realtime",
        },
        "model": {
            "type": "string",
            "description": "Realtime model; with GPT-Live no default, and where given it replaces the app's.",
            "default": DEFAULT_MODEL,
        },
        "voice": {
            "oneOf": [
                {"type": "string"},
                {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
            ],
            "description": "Voice to ask for where the session has another: a name, or a custom voice as "
            '`{"id": "voice_…"}`.',
        },
        "upstream": {
            "type": "string",
            "description": "Name of another service with this protocol, one of those in the server's settings.",
        },
        "viseme_events": {
            "type": "string",
            "enum": ["mascot", "azure"],
            "default": "mascot",
            "description": "`azure`: visemes come as events `response.animation_viseme.delta` and `.done`, as Azure's "
            "Voice Live sends them, and not as the member `mascotVisemes`.",
        },
    },
    examples={
        "openai": (
            "OpenAI Realtime API Configuration (with ephemeral token)",
            {
                "ephemeral_token": "openai-client-secret-from-realtime-client_secrets",
                "model": DEFAULT_MODEL,
                "voice": "marin",
            },
        ),
        "openai_live": (
            "OpenAI GPT-Live Configuration",
            {"api": "live", "api_key": "openai-api-key", "model": "gpt-live-1.1", "voice": "marin"},
        ),
    },
)

_INDICES: Final = ("output_index", "content_index")
_POSITION: Final = {
    **{name: {"type": "string"} for name in ("event_id", "response_id", "item_id")},
    **{name: {"type": "integer"} for name in _INDICES},
}
"""Members by which an event names the audio that it belongs to."""

SOCKET: Final = SocketDocument(
    address=PATH,
    description="OpenAI Realtime. The visemes are one more member of the audio event; with `viseme_events: azure`, "
    "events of their own before it. The path may go on with `/realtime`, as OpenAI's Python SDK lets it. Clients that "
    "take only a base URL and an API key connect to `/v1/realtime`, with the token as the key: `Authorization: "
    "Bearer`, `api-key`, or the subprotocol `openai-insecure-api-key.<token>`.",
    message="audio",
    schema="openaiAudio",
    schemas={
        "openaiAudio": {
            "type": "object",
            "properties": {
                "type": {"enum": ["response.output_audio.delta", "response.audio.delta"]},
                "delta": {"type": "string", "contentEncoding": "base64"},
                "mascotVisemes": PAYLOAD_REFERENCE,
            },
            "required": ["type", "delta", "mascotVisemes"],
        },
        "openaiVisemeDelta": {
            "type": "object",
            "properties": {
                "type": {"const": "response.animation_viseme.delta"},
                **_POSITION,
                "audio_offset_ms": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Milliseconds from the start of the response's audio to the change.",
                },
                "viseme_id": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 21,
                    "description": "SAPI viseme; 0 is a closed mouth.",
                },
            },
            "required": ["type", "event_id", *_INDICES, "audio_offset_ms", "viseme_id"],
        },
        "openaiVisemeDone": {
            "type": "object",
            "properties": {"type": {"const": "response.animation_viseme.done"}, **_POSITION},
            "required": ["type", "event_id", *_INDICES],
        },
    },
    security=TOKEN_IN_QUERY,
    more_messages={"visemeDelta": "openaiVisemeDelta", "visemeDone": "openaiVisemeDone"},
)

TRANSLATION_SOCKET: Final = SocketDocument(
    address=TRANSLATION_PATHS[1],
    description="OpenAI Realtime translation. The visemes are one more member of the audio event. It is the path of "
    "the signed URL with `/realtime/translations` after it, as OpenAI's SDKs connect.",
    message="audio",
    schema="openaiTranslatedAudio",
    schemas={
        "openaiTranslatedAudio": {
            "type": "object",
            "properties": {
                "type": {"const": "session.output_audio.delta"},
                "delta": {"type": "string", "contentEncoding": "base64"},
                "mascotVisemes": PAYLOAD_REFERENCE,
            },
            "required": ["type", "delta", "mascotVisemes"],
        }
    },
    security=TOKEN_IN_QUERY,
)
