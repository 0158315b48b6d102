"""The sockets as an AsyncAPI 3 document: where they are, how the token travels, and what this server adds.

The messages are the providers' own and described by them; what stands here of a message is what an app needs to find
the visemes in it. Written by hand, like the published contract of the HTTP part; tests hold it against the codecs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from litestar import Request, get

from mascot_server.providers.config import VISEME_MODELS
from mascot_server.providers.handshakes import ELEVENLABS_PATH, GEMINI_KEY_PREFIX, GEMINI_PATH, OPENAI_PATH

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.http.public_url import PublicUrl

__all__ = ["ASYNCAPI_PATH", "asyncapi_document", "asyncapi_route"]

ASYNCAPI_PATH: Final = "/schema/asyncapi.json"

_JSON: Final = "application/json"
_LAST_VISEME: Final = 21

_VISEMES: Final = {
    "type": "array",
    "description": "Changes of the mouth's shape, in order; empty when it does not change, or is not known in time.",
    "items": {
        "type": "object",
        "properties": {
            "visemeId": {
                "type": "integer",
                "minimum": 0,
                "maximum": _LAST_VISEME,
                "description": "SAPI viseme; 0 is a closed mouth.",
            },
            "offset": {
                "type": "integer",
                "minimum": 0,
                "description": "Milliseconds from the start of this message's audio to the change.",
            },
        },
        "required": ["visemeId", "offset"],
        "additionalProperties": False,
    },
}

_PAYLOAD_PROPERTIES: Final = {
    "visemes": _VISEMES,
    "audio_event_id": {"type": "integer", "description": "Ties the visemes to the audio they belong to."},
    "subchunk_id": {"const": 1},
    "total_chunks": {"const": 1},
    "audio_duration": {
        "type": "number",
        "minimum": 0,
        "description": "Length of this message's audio in milliseconds, exactly.",
    },
}

_SCHEMAS: Final = {
    "visemePayload": {
        "type": "object",
        "properties": _PAYLOAD_PROPERTIES,
        "required": sorted(_PAYLOAD_PROPERTIES),
        "additionalProperties": False,
    },
    "elevenlabsVisemes": {
        "type": "object",
        "properties": {"type": {"const": "visemes"}, **_PAYLOAD_PROPERTIES},
        "required": sorted({"type", *_PAYLOAD_PROPERTIES}),
        "additionalProperties": False,
    },
    "openaiAudio": {
        "type": "object",
        "properties": {
            "type": {"enum": ["response.output_audio.delta", "response.audio.delta"]},
            "delta": {"type": "string", "contentEncoding": "base64"},
            "mascotVisemes": {"$ref": "#/components/schemas/visemePayload"},
        },
        "required": ["type", "delta", "mascotVisemes"],
    },
    "geminiAudio": {
        "type": "object",
        "properties": {
            "serverContent": {
                "type": "object",
                "properties": {
                    "modelTurn": {
                        "type": "object",
                        "properties": {
                            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/geminiPart"}}
                        },
                        "required": ["parts"],
                    }
                },
                "required": ["modelTurn"],
            },
            "mascotVisemes": {"$ref": "#/components/schemas/visemePayload"},
        },
        "required": ["serverContent", "mascotVisemes"],
    },
    "geminiPart": {
        "type": "object",
        "properties": {
            "partMetadata": {
                "type": "object",
                "description": "On the first part with audio, only for Python's SDK, which drops the member beside it.",
                "properties": {"mascotVisemes": {"$ref": "#/components/schemas/visemePayload"}},
                "required": ["mascotVisemes"],
            }
        },
    },
    "anything": {"description": "Whatever the provider's own documentation says, unchanged."},
}


def asyncapi_document(base_url: str) -> dict[str, Any]:
    """Return the document, ready for JSON.

    Args:
        base_url: Of this server, `http(s)://host` and the path prefix it is served under, if any.
    """
    url = urlsplit(base_url)
    server = {"host": url.netloc, "protocol": "wss" if url.scheme == "https" else "ws"}
    if url.path:
        server["pathname"] = url.path
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Viseme Prediction API: sockets",
            "version": "1.0.0",
            "description": "Each socket speaks its provider's own protocol, message by message in order. What is added "
            "to it are visemes with every message of audio. Connect with the provider's SDK to what "
            "`POST /v1/get-signed-url` answers.",
        },
        "defaultContentType": _JSON,
        "servers": {"this": server},
        "channels": {
            "elevenlabs": _channel(
                ELEVENLABS_PATH,
                "ElevenLabs Conversational AI. The visemes are a text message of their own, right before the message "
                "with their audio.",
                {"visemes": "elevenlabsVisemes"},
                _query(token=True),
            ),
            "openai": _channel(
                OPENAI_PATH,
                "OpenAI Realtime. The visemes are one more member of the audio event. The path may go on with "
                "`/realtime`, as OpenAI's Python SDK lets it.",
                {"audio": "openaiAudio"},
                _query(token=True),
            ),
            "gemini": {
                **_channel(
                    GEMINI_PATH,
                    "Gemini Live, in binary messages as from Google. The visemes are one more member of a message with "
                    "audio. The token is the API key that the SDK is given.",
                    {"audio": "geminiAudio"},
                    _query(token=False),
                ),
                "parameters": {
                    "version": {"enum": ["v1", "v1beta", "v1alpha"]},
                    "method": {"enum": ["BidiGenerateContent", "BidiGenerateContentConstrained"]},
                },
            },
        },
        "operations": {
            **_operations("elevenlabs", "visemes", "tokenInQuery"),
            **_operations("openai", "audio", "tokenInQuery"),
            **_operations("gemini", "audio", "tokenInHeader"),
        },
        "components": {"schemas": _SCHEMAS, "securitySchemes": _SECURITY},
    }


_SECURITY: Final = {
    "tokenInQuery": {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "The `token` of `signed_url`. It starts connections for 10 minutes.",
    },
    "tokenInHeader": {
        "type": "httpApiKey",
        "in": "header",
        "name": "x-goog-api-key",
        "description": f"`api_key`, which begins with `{GEMINI_KEY_PREFIX}`. Also taken as `?key=` or `?access_token=` "
        "and as `Authorization: Token` or `Bearer`.",
    },
}


def _channel(address: str, description: str, added: dict[str, str], query: dict[str, Any]) -> dict[str, Any]:
    messages = {
        name: {"contentType": _JSON, "payload": {"$ref": f"#/components/schemas/{schema}"}}
        for name, schema in (added | {"fromProvider": "anything", "fromApp": "anything"}).items()
    }
    return {
        "address": address,
        "description": description,
        "messages": messages,
        "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
    }


def _query(*, token: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "viseme_model": {
            "enum": list(VISEME_MODELS),
            "description": "Which model, where the signed URL was asked for without one.",
        }
    }
    if token:
        properties["token"] = {"type": "string"}
    return {"type": "object", "properties": properties, "required": ["token"] if token else []}


def _operations(provider: str, added: str, security: str) -> dict[str, Any]:
    def operation(action: str, summary: str, *messages: str) -> dict[str, Any]:
        return {
            "action": action,
            "summary": summary,
            "channel": {"$ref": f"#/channels/{provider}"},
            "messages": [{"$ref": f"#/channels/{provider}/messages/{name}"} for name in messages],
            "security": [{"$ref": f"#/components/securitySchemes/{security}"}],
        }

    return {
        f"{provider}Send": operation(
            "send", "The provider's messages, those of audio with visemes.", added, "fromProvider"
        ),
        f"{provider}Receive": operation("receive", "The app's messages, for the provider.", "fromApp"),
    }


def asyncapi_route(public_url: PublicUrl) -> HTTPRouteHandler:
    """Make the handler of the document.

    Args:
        public_url: URL that the document names.
    """

    @get(ASYNCAPI_PATH, sync_to_thread=False, include_in_schema=False)
    def asyncapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return asyncapi_document(public_url.of(request))

    return asyncapi
