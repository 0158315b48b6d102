"""The published contract of `POST /v1/get-signed-url`, as the OpenAPI document states it.

Names, enums, examples and answers are those that existing clients were written against. Written out by hand, not
derived from our own models: the contract is fixed, and a change of a model must not change it unseen.
"""

from __future__ import annotations

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

from mascot_server.http.api_page import ApiPage

if TYPE_CHECKING:
    from litestar import Request
    from litestar.openapi.spec import Reference

    from mascot_server.http.public_url import PublicUrl

__all__ = ["GetSignedUrlOperation", "openapi_config"]

_JSON: Final = "application/json"

_DESCRIPTION: Final = """Generates a signed URL for connecting to conversational AI providers via our proxy.

The signed URL is valid for 10 minutes. Connections made via the signed URL proxy requests to your chosen provider and \
add visemes to the audio stream.


**Supported providers:**

- `elevenlabs` - ElevenLabs Conversational AI

- `gemini` - Google Gemini Live API

- `openai` - OpenAI Realtime API
"""

_EXAMPLES: Final = {
    "elevenlabs": (
        "ElevenLabs Configuration",
        {"api_key": "sk_your_elevenlabs_api_key_here", "agent_id": "agent_1234567890", "sample_rate": 16000},
    ),
    "elevenlabs_indonesian": (
        "ElevenLabs with Indonesian Viseme Model",
        {
            "api_key": "sk_your_elevenlabs_api_key_here",
            "agent_id": "agent_1234567890",
            "sample_rate": 16000,
            "viseme_model": "indonesian",
        },
    ),
    "gemini": (
        "Gemini Configuration (with ephemeral token)",
        {
            "ephemeral_token": "google-ephemeral-token-from-authTokens-create",
            "model": "gemini-2.5-flash-preview",
        },
    ),
    "openai": (
        "OpenAI Realtime API Configuration (with ephemeral token)",
        {
            "ephemeral_token": "openai-client-secret-from-realtime-client_secrets",
            "model": "gpt-realtime",
            "voice": "marin",
        },
    ),
}


def _text(description: str | None = None, **keywords: Any) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description, **keywords)


def _provider_schema(provider: str, required: list[str], fields: dict[str, Schema | Reference]) -> Schema:
    """What the configuration of one provider has to hold, beyond what all have in common."""
    return Schema(
        title=provider,
        properties={
            "provider": Schema(const=provider),
            "provider_config": Schema(type=OpenAPIType.OBJECT, properties=fields, required=required or None),
        },
    )


_TOKEN_FIELDS: Final[dict[str, Schema | Reference]] = {
    "ephemeral_token": _text("Short-lived token of the provider; required unless `api_key` is given."),
    "api_key": _text("Standing key of the provider, in place of `ephemeral_token`."),
}

_CONFIG: Final = Schema(
    type=OpenAPIType.OBJECT,
    description="Configuration parameters",
    required=["provider", "provider_config"],
    properties={
        "provider": _text(
            "Name of the conversational AI provider",
            enum=["elevenlabs", "gemini", "openai"],
            example="elevenlabs",
        ),
        "provider_config": Schema(
            type=OpenAPIType.OBJECT,
            description="Provider-specific configuration (varies by provider).\n\n"
            "All providers support an optional `viseme_model` field to select the viseme prediction model.\n",
            properties={
                "viseme_model": _text(
                    "Viseme model to use for lip sync prediction. Different models are optimized for different "
                    "languages.\n\nAvailable models: `default` (English), `indonesian` (Bahasa Indonesia).\n",
                    default="default",
                    enum=["default", "indonesian"],
                )
            },
        ),
    },
    one_of=[
        _provider_schema(
            "elevenlabs",
            ["api_key", "agent_id"],
            {
                "api_key": _text("ElevenLabs API key."),
                "agent_id": _text("ElevenLabs agent."),
                "sample_rate": Schema(
                    type=OpenAPIType.INTEGER,
                    minimum=8000,
                    maximum=48000,
                    description="Rate in Hz of the agent's PCM audio, used only where ElevenLabs does not say.",
                ),
                "dynamic_variables": Schema(
                    type=OpenAPIType.OBJECT,
                    description="Merged into the app's first message; what the app says wins.",
                    additional_properties=Schema(
                        type=[OpenAPIType.STRING, OpenAPIType.NUMBER, OpenAPIType.BOOLEAN]
                    ),
                ),
            },
        ),
        _provider_schema(
            "gemini", [], {**_TOKEN_FIELDS, "model": _text("Replaces the model the app asks for.")}
        ),
        _provider_schema(
            "openai",
            [],
            {
                **_TOKEN_FIELDS,
                "model": _text("Realtime model.", default="gpt-realtime"),
                "voice": _text("Voice to ask for where the session has another."),
            },
        ),
    ],
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
        """Puts what is published in the place of what was derived from the handler."""
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
                        type=OpenAPIType.OBJECT, required=["config"], properties={"config": _CONFIG}
                    ),
                    examples={
                        name: Example(
                            summary=summary,
                            value={"config": {"provider": name.partition("_")[0], "provider_config": config}},
                        )
                        for name, (summary, config) in _EXAMPLES.items()
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
    """Renders the document, which names the URL that it was asked for under.

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
        # The framework's other plugins load their pages from a CDN.
        render_plugins=[_Document(public_url), ApiPage(public_url)],
    )
