"""Gemini in the OpenAPI and AsyncAPI documents."""

from __future__ import annotations

from typing import Final

from mascot_server.providers.documents import (
    PAYLOAD_REFERENCE,
    TOKEN_PROPERTIES,
    ConfigDocument,
    SocketDocument,
)

__all__ = ["CONFIG", "SOCKET", "TOKEN_PREFIX"]

TOKEN_PREFIX: Final = "mascot_ephemeral_"  # noqa: S105 - it marks our tokens where an SDK takes an API key

CONFIG: Final = ConfigDocument(
    properties={
        **TOKEN_PROPERTIES,
        "model": {"type": "string", "description": "Replaces the model the app asks for."},
    },
    examples={
        "gemini": (
            "Gemini Configuration (with ephemeral token)",
            {
                "ephemeral_token": "google-ephemeral-token-from-authTokens-create",
                "model": "gemini-2.5-flash-preview",
            },
        )
    },
)

SOCKET: Final = SocketDocument(
    address="/ws/google.ai.generativelanguage.{version}.GenerativeService.{method}",
    description="Gemini Live, in binary messages as from Google. The visemes are one more member of a message with "
    "audio. The token is the API key that the SDK is given.",
    message="audio",
    schema="geminiAudio",
    schemas={
        "geminiAudio": {
            "type": "object",
            "properties": {
                "serverContent": {
                    "type": "object",
                    "properties": {
                        "modelTurn": {
                            "type": "object",
                            "properties": {
                                "parts": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/geminiPart"},
                                }
                            },
                            "required": ["parts"],
                        }
                    },
                    "required": ["modelTurn"],
                },
                "mascotVisemes": PAYLOAD_REFERENCE,
            },
            "required": ["serverContent", "mascotVisemes"],
        },
        "geminiPart": {
            "type": "object",
            "properties": {
                "partMetadata": {
                    "type": "object",
                    "description": "On the first part with audio, only for Python's SDK, which drops the member beside "
                    "it.",
                    "properties": {"mascotVisemes": PAYLOAD_REFERENCE},
                    "required": ["mascotVisemes"],
                }
            },
        },
    },
    security=(
        "tokenInHeader",
        {
            "type": "httpApiKey",
            "in": "header",
            "name": "x-goog-api-key",
            "description": f"`api_key`, which begins with `{TOKEN_PREFIX}`. Also taken as `?key=` or `?access_token=` "
            "and as `Authorization: Token` or `Bearer`.",
        },
    ),
    parameters={
        "version": {"enum": ["v1", "v1beta", "v1alpha"]},
        "method": {"enum": ["BidiGenerateContent", "BidiGenerateContentConstrained"]},
    },
)
