"""The AsyncAPI 3 document of the WebSocket endpoints: paths, token transport, and the fields that this server adds.

The messages are defined and documented by the providers. This document only describes the parts that an app needs to
find the visemes. It is written by hand, like the published contract of the HTTP API; tests compare it with the codecs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from litestar import Request, get

from mascot_server.inference.viseme_models import VISEME_MODELS
from mascot_server.providers.documents import PAYLOAD_PROPERTIES, PAYLOAD_REQUIRED
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.handlers import HTTPRouteHandler

    from mascot_server.http.public_url import PublicUrl
    from mascot_server.providers.documents import SocketDocument

__all__ = ["ASYNCAPI_PATH", "asyncapi_document", "asyncapi_route"]

ASYNCAPI_PATH: Final = "/schema/asyncapi.json"

_JSON: Final = "application/json"


def asyncapi_document(base_url: str) -> dict[str, Any]:
    """Return the document, ready for JSON.

    Args:
        base_url: URL of this server: `http(s)://host` and the path prefix, if any.
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
        "channels": {name: _channel(socket) for name, socket in _sockets()},
        "operations": {
            key: operation
            for name, socket in _sockets()
            for key, operation in _operations(name, socket).items()
        },
        "components": {"schemas": _schemas(), "securitySchemes": _security()},
    }


def _sockets() -> Iterator[tuple[str, SocketDocument]]:
    for provider in PROVIDERS.values():
        yield from provider.socket_documents.items()


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {
        "visemePayload": {
            "type": "object",
            "properties": PAYLOAD_PROPERTIES,
            "required": list(PAYLOAD_REQUIRED),
            "additionalProperties": False,
        },
        "anything": {"description": "Whatever the provider's own documentation says, unchanged."},
    }
    for _, socket in _sockets():
        schemas |= socket.schemas
    return schemas


def _security() -> dict[str, Any]:
    return dict(socket.security for _, socket in _sockets())


def _channel(socket: SocketDocument) -> dict[str, Any]:
    added = {
        socket.message: socket.schema,
        **socket.more_messages,
        "fromProvider": "anything",
        "fromApp": "anything",
    }
    channel = {
        "address": socket.address,
        "description": socket.description,
        "messages": {
            name: {"contentType": _JSON, "payload": {"$ref": f"#/components/schemas/{schema}"}}
            for name, schema in added.items()
        },
        "bindings": {
            "ws": {
                "method": "GET",
                "query": _query(token=socket.token_in_query),
                "bindingVersion": "0.1.0",
            }
        },
    }
    return channel if socket.parameters is None else channel | {"parameters": socket.parameters}


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


def _operations(channel: str, socket: SocketDocument) -> dict[str, Any]:
    security, _ = socket.security

    def operation(action: str, summary: str, *messages: str) -> dict[str, Any]:
        return {
            "action": action,
            "summary": summary,
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
            "security": [{"$ref": f"#/components/securitySchemes/{security}"}],
        }

    return {
        f"{channel}Send": operation(
            "send",
            "The provider's messages, those of audio with visemes.",
            socket.message,
            *socket.more_messages,
            "fromProvider",
        ),
        f"{channel}Receive": operation("receive", "The app's messages, for the provider.", "fromApp"),
    }


def asyncapi_route(public_url: PublicUrl) -> HTTPRouteHandler:
    """Create the handler of the document.

    Args:
        public_url: URL of the server in the document.
    """

    @get(ASYNCAPI_PATH, sync_to_thread=False, include_in_schema=False)
    def asyncapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return asyncapi_document(public_url.of(request))

    return asyncapi
