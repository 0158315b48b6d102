"""The published contract of `POST /v1/get-signed-url` in the OpenAPI document.

Names, enums, examples and responses are those that existing clients depend on. They are written by hand, not derived
from the server's models: the contract is fixed, and a change of a model must not change it unnoticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
    SecurityScheme,
)

from mascot_server.auth.tokens import LIFETIME_SECONDS
from mascot_server.http.api_page import ApiPage
from mascot_server.inference.viseme_models import DEFAULT_MODEL, VISEME_MODELS
from mascot_server.inference.viseme_sets import DEFAULT_SETS, VISEME_SHAPES, VISEME_WEIGHTS
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import Request

    from mascot_server.http.public_url import PublicUrl
    from mascot_server.providers.base import Provider

__all__ = ["GetSignedUrlOperation", "openapi_config"]

_JSON: Final = "application/json"

_PROVIDERS: Final = "\n\n".join(f"- `{name}` - {provider.product}" for name, provider in PROVIDERS.items())

_DESCRIPTION: Final = f"""Generates a signed URL for connecting to conversational AI providers via our proxy.

The signed URL is valid for 10 minutes. Connections made via the signed URL proxy requests to your chosen provider and \
add visemes to the audio stream.


**Supported providers:**

{_PROVIDERS}
"""


def _text(description: str | None = None, **keywords: Any) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description, **keywords)


def _schema(schema: Mapping[str, Any]) -> Schema:
    """Convert a JSON Schema to the framework's object."""
    values = {
        re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name): value
        for name, value in schema.items()
    }
    if "type" in values:
        kinds = values["type"]
        values["type"] = (
            OpenAPIType(kinds) if isinstance(kinds, str) else [OpenAPIType(kind) for kind in kinds]
        )
    if "additional_properties" in values:
        values["additional_properties"] = _schema(values["additional_properties"])
    return Schema(**values)


def _provider_schema(provider: Provider[Any]) -> Schema:
    """Return the schema of the configuration of one provider, without the fields that all providers share."""
    document = provider.config_document
    return Schema(
        title=provider.name,
        properties={
            "provider": Schema(const=provider.name),
            "provider_config": Schema(
                type=OpenAPIType.OBJECT,
                properties={name: _schema(schema) for name, schema in document.properties.items()},
                required=list(document.required) or None,
            ),
        },
    )


_CONFIG: Final = Schema(
    type=OpenAPIType.OBJECT,
    description="Configuration parameters",
    required=["provider", "provider_config"],
    properties={
        "provider": _text(
            "Name of the conversational AI provider",
            enum=list(PROVIDERS),
            example=next(iter(PROVIDERS)),
        ),
        "provider_config": Schema(
            type=OpenAPIType.OBJECT,
            description="Provider-specific configuration (varies by provider).\n\n"
            "All providers support an optional `viseme_model` field to select the viseme prediction model.\n",
            properties={
                "viseme_model": _text(
                    "Viseme model to use for lip sync prediction. Different models are optimized for different "
                    "languages.\n\nAvailable models: `default` (all languages), `indonesian` (Bahasa Indonesia).\n",
                    default=DEFAULT_MODEL,
                    enum=list(VISEME_MODELS),
                ),
                "viseme_shapes": _text(
                    "Viseme set of the events. `sapi`: numbers, as `visemeId`. The others: names, as `viseme` in place "
                    "of `visemeId`.",
                    default=DEFAULT_SETS.shapes,
                    enum=list(VISEME_SHAPES),
                ),
                "viseme_weights": _text(
                    "Adds blend weights to every payload, a row for each 10 ms of the audio: of the visemes of "
                    "`oculus` or `vrm`, or of ARKit's blendshapes. Without it there are none.",
                    enum=list(VISEME_WEIGHTS),
                ),
            },
        ),
    },
    one_of=[_provider_schema(provider) for provider in PROVIDERS.values()],
)

_SESSION_TTL: Final = Schema(
    type=OpenAPIType.INTEGER,
    minimum=LIFETIME_SECONDS,
    description="Seconds, from the answer on, for which the answer resumes a conversation that it started within its "
    "10 minutes: connections that are made again with the same URL or key are accepted for so long. Without it, none "
    "is accepted after 10 minutes. The server sets the maximum, by default 7200; some servers take no `session_ttl`.",
    example=3600,
)

_ANSWER: Final = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "signed_url": _text(
            "(ElevenLabs, OpenAI) Signed WebSocket URL with encrypted token. For ElevenLabs, use directly as the "
            "WebSocket URL. For OpenAI, pass to createWebSocket in OpenAIRealtimeWebSocket.",
            example="wss://api.mascot.bot/v1/conversation?token=eyJhbGciOiJIUzI1NiIs...",
        ),
        "api_key": _text(
            "(Gemini) Mascot Bot proxy token — use as `apiKey` in GoogleGenAI",
            example="mascot_ephemeral_abc123...",
        ),
        "base_url": _text(
            "(Gemini) Proxy base URL — use as `httpOptions.baseUrl` in GoogleGenAI",
            example="https://api.mascot.bot",
        ),
    },
)

_ANSWER_TEXT: Final = """Successful response containing connection credentials for the conversational AI proxy.

The response format varies by provider:


**ElevenLabs:** Returns a `signed_url` — use it directly as the WebSocket URL with the ElevenLabs SDK.


**Gemini:** Returns `api_key` and `base_url` — pass them to the Google AI SDK as `apiKey` and
`httpOptions.baseUrl`.


**OpenAI:** Returns a `signed_url` — use it as the WebSocket URL in `OpenAIRealtimeWebSocket`'s
`createWebSocket` factory.
"""


def _answer(description: str, schema: Schema) -> OpenAPIResponse:
    return OpenAPIResponse(description=description, content={_JSON: OpenAPIMediaType(schema=schema)})


def _error(description: str, example: str) -> OpenAPIResponse:
    return _answer(description, Schema(type=OpenAPIType.OBJECT, properties={"error": _text(example=example)}))


@dataclass
class GetSignedUrlOperation(Operation):
    """The operation `getSignedUrl`, as published."""

    def __post_init__(self) -> None:
        """Replace the generated description with the published one."""
        self.summary = "Get signed URL for conversational AI proxy"
        self.description = _DESCRIPTION
        self.tags = None
        self.security = [{"BearerAuth": []}]
        self.parameters = None
        self.request_body = RequestBody(
            required=True,
            content={
                _JSON: OpenAPIMediaType(
                    schema=Schema(
                        type=OpenAPIType.OBJECT,
                        required=["config"],
                        properties={"config": _CONFIG, "session_ttl": _SESSION_TTL},
                    ),
                    examples={
                        name: Example(
                            summary=summary,
                            value={"config": {"provider": provider.name, "provider_config": config}},
                        )
                        for provider in PROVIDERS.values()
                        for name, (summary, config) in provider.config_document.examples.items()
                    },
                )
            },
        )
        self.responses = {
            "200": _answer(_ANSWER_TEXT, _ANSWER),
            "400": _error("Invalid request parameters", "Invalid provider config"),
            "401": _error("Unauthorized - Invalid API key", "Invalid API key"),
        }


class _Document(JsonRenderPlugin):
    """Renders the document with the server URL under which it was requested.

    Args:
        public_url: URL of this server.
    """

    def __init__(self, public_url: PublicUrl) -> None:
        super().__init__(path="/openapi.json")
        self._public_url = public_url

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document as JSON."""
        return self.render_json(
            request, {**openapi_schema, "servers": [{"url": self._public_url.of(request)}]}
        )


def openapi_config(public_url: PublicUrl) -> OpenAPIConfig:
    """Return the configuration of the document served at `/schema/openapi.json`.

    Args:
        public_url: URL of this server.
    """
    return OpenAPIConfig(
        title="Viseme Prediction API",
        version="1.0.0",
        description="API for processing audio and streaming viseme predictions, and for generating synchronized "
        "speech with visemes",
        security=[],
        components=Components(security_schemes={"BearerAuth": SecurityScheme(type="http", scheme="bearer")}),
        path="/schema",
        # The pages of the framework's other plugins load their scripts from a CDN.
        render_plugins=[_Document(public_url), ApiPage(public_url)],
    )
