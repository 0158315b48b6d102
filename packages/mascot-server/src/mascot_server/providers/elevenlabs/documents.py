"""ElevenLabs in the OpenAPI and AsyncAPI documents."""

from __future__ import annotations

from typing import Any, Final

from mascot_server.providers.documents import (
    PAYLOAD_PROPERTIES,
    PAYLOAD_REQUIRED,
    TOKEN_IN_QUERY,
    ConfigDocument,
    SocketDocument,
)

__all__ = ["CONFIG", "PATH", "SOCKET"]

PATH: Final = "/v1/conversation"

_EXAMPLE: Final[dict[str, Any]] = {
    "api_key": "sk_elevenlabs_api_key",
    "agent_id": "agent_1234567890",
    "sample_rate": 16000,
}

CONFIG: Final = ConfigDocument(
    required=("api_key", "agent_id"),
    properties={
        "api_key": {"type": "string", "description": "ElevenLabs API key."},
        "agent_id": {"type": "string", "description": "ElevenLabs agent."},
        "branch_id": {
            "type": "string",
            "description": "Branch of the agent; ElevenLabs' choice if left out.",
        },
        "version_id": {
            "type": "string",
            "description": "Version of the agent; ElevenLabs' choice if left out.",
        },
        "environment": {
            "type": "string",
            "description": "Environment of the agent at ElevenLabs, which takes `production` if left out.",
        },
        "sample_rate": {
            "type": "integer",
            "minimum": 8000,
            "maximum": 48000,
            "description": "Rate in Hz of the agent's PCM audio, used only where ElevenLabs does not say.",
        },
        "dynamic_variables": {
            "type": "object",
            "description": "Merged into the app's first message; what the app says wins.",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
    },
    examples={
        "elevenlabs": ("ElevenLabs Configuration", _EXAMPLE),
        "elevenlabs_indonesian": (
            "ElevenLabs with Indonesian Viseme Model",
            _EXAMPLE | {"viseme_model": "indonesian"},
        ),
    },
)

SOCKET: Final = SocketDocument(
    address=PATH,
    description="ElevenLabs Conversational AI. The visemes are a text message of their own, right before the message "
    "with their audio.",
    message="visemes",
    schema="elevenlabsVisemes",
    schemas={
        "elevenlabsVisemes": {
            "type": "object",
            "properties": {"type": {"const": "visemes"}, **PAYLOAD_PROPERTIES},
            "required": ["type", *PAYLOAD_REQUIRED],
            "additionalProperties": False,
        }
    },
    security=TOKEN_IN_QUERY,
)
