"""Gemini in the OpenAPI and AsyncAPI documents."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mascot_server.providers.documents import (
    PAYLOAD_REFERENCE,
    TOKEN_PROPERTIES,
    ConfigDocument,
    SocketDocument,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONFIG", "MORE_SOCKETS", "SOCKET", "TOKEN_PREFIX"]

TOKEN_PREFIX: Final = "mascot_ephemeral_"  # noqa: S105 - it marks our tokens where an SDK takes an API key

CONFIG: Final = ConfigDocument(
    properties={
        **TOKEN_PROPERTIES,
        "model": {"type": "string", "description": "Replaces the model the app asks for."},
        "api": {
            "type": "string",
            "enum": ["vertex"],
            "description": "`vertex` for Gemini on Vertex AI: with `access_token`, `project` and `location`, or "
            "with an `api_key` of express mode. Left out: the Gemini Developer API.",
        },
        "access_token": {
            "type": "string",
            "description": "OAuth access token of Google Cloud with the scope `cloud-platform`. Only on Vertex AI.",
        },
        "project": {"type": "string", "description": "Project on Vertex AI, with `access_token`."},
        "location": {
            "type": "string",
            "description": "Location on Vertex AI, such as `global`, `eu` or `europe-west4`, with `access_token`.",
        },
    },
    examples={
        "gemini": (
            "Gemini Configuration (with ephemeral token)",
            {
                "ephemeral_token": "google-ephemeral-token-from-authTokens-create",
                "model": "gemini-3.8-live",
            },
        ),
        "gemini_vertex": (
            "Gemini on Vertex AI",
            {
                "api": "vertex",
                "project": "my-project",
                "location": "europe-west4",
                "access_token": "ya29.google-cloud-access-token",
                "model": "gemini-live-2.5-flash",
            },
        ),
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
                    "description": "On the first part with audio, only for SDKs that drop the member beside it: "
                    "Python's, and JavaScript's in Vertex mode.",
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

_VERTEX_SOCKET: Final = replace(
    SOCKET,
    address="/ws/google.cloud.aiplatform.{version}.LlmBidiService/{method}",
    description="The same for SDKs in Vertex mode (`vertexai` or `enterprise`). The audio part's `partMetadata` always "
    "has the visemes as well. An access token of Google's is refused here: the token is ours.",
    parameters={"version": {"enum": ["v1", "v1beta1"]}, "method": {"enum": ["BidiGenerateContent"]}},
)

MORE_SOCKETS: Final[Mapping[str, SocketDocument]] = MappingProxyType({"geminiVertex": _VERTEX_SOCKET})
