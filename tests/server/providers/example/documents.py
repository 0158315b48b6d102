"""The example in the OpenAPI and AsyncAPI documents."""

from __future__ import annotations

from typing import Final

from mascot_server.providers.documents import (
    PAYLOAD_REFERENCE,
    TOKEN_IN_QUERY,
    ConfigDocument,
    SocketDocument,
)

PATH: Final = "/v1/example/ws"

CONFIG: Final = ConfigDocument(
    properties={"api_key": {"type": "string", "description": "Key of the example."}},
    required=("api_key",),
    examples={"example": ("Example Configuration", {"api_key": "example-key"})},
)

SOCKET: Final = SocketDocument(
    address=PATH,
    description="The example. The visemes are one more member of the messages with audio.",
    message="audio",
    schema="exampleAudio",
    schemas={
        "exampleAudio": {
            "type": "object",
            "properties": {
                "type": {"const": "audio"},
                "data": {"type": "string", "contentEncoding": "base64"},
                "visemes": PAYLOAD_REFERENCE,
            },
            "required": ["type", "data", "visemes"],
        }
    },
    security=TOKEN_IN_QUERY,
)
