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

__all__ = ["CONFIG", "PATH", "PLAIN_PATH", "SOCKET"]

PATH: Final = "/v1/openai-realtime/ws"

PLAIN_PATH: Final = "/v1/realtime"
"""OpenAI's own path, for clients that take a base URL and an API key and nothing else."""

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
        "voice": {"type": "string", "description": "Voice to ask for where the session has another."},
    },
    examples={
        "openai": (
            "OpenAI Realtime API Configuration (with ephemeral token)",
            {
                "ephemeral_token": "openai-client-secret-from-realtime-client_secrets",
                "model": "gpt-realtime",
                "voice": "marin",
            },
        ),
        "openai_live": (
            "OpenAI GPT-Live Configuration",
            {"api": "live", "api_key": "openai-api-key", "model": "gpt-live-1.1", "voice": "marin"},
        ),
    },
)

SOCKET: Final = SocketDocument(
    address=PATH,
    description="OpenAI Realtime. The visemes are one more member of the audio event. The path may go on with "
    "`/realtime`, as OpenAI's Python SDK lets it. Clients that take only a base URL and an API key connect to "
    "`/v1/realtime`, with the token as the key: `Authorization: Bearer`, `api-key`, or the subprotocol "
    "`openai-insecure-api-key.<token>`.",
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
        }
    },
    security=TOKEN_IN_QUERY,
)
