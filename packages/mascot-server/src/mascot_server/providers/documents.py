"""The parts of a provider in the OpenAPI and AsyncAPI documents, as JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    JsonSchema = Mapping[str, Any]

__all__ = [
    "PAYLOAD_PROPERTIES",
    "PAYLOAD_REFERENCE",
    "PAYLOAD_REQUIRED",
    "TOKEN_IN_QUERY",
    "TOKEN_PROPERTIES",
    "ConfigDocument",
    "SocketDocument",
]

_LAST_VISEME: Final = 21

_EVENT: Final[JsonSchema] = {
    "type": "object",
    "properties": {
        "visemeId": {
            "type": "integer",
            "minimum": 0,
            "maximum": _LAST_VISEME,
            "description": "SAPI viseme; 0 is a closed mouth. Where `viseme_shapes` is `sapi` or was not asked for.",
        },
        "viseme": {
            "type": "string",
            "description": "Name of the viseme in the set of `viseme_shapes`, in place of `visemeId`; `sil` or `X` is "
            "a closed mouth.",
        },
        "offset": {
            "type": "integer",
            "minimum": 0,
            "description": "Milliseconds from the start of this message's audio to the change.",
        },
    },
    "required": ["offset"],
    "oneOf": [{"required": ["visemeId"]}, {"required": ["viseme"]}],
    "additionalProperties": False,
}

_WEIGHTS: Final[JsonSchema] = {
    "type": "object",
    "description": "Blend weights for this audio, where `viseme_weights` was asked for. Left out where they are not "
    "known in time; the last row holds then.",
    "properties": {
        "fps": {"type": "integer", "minimum": 1, "description": "Rows per second: 100."},
        "offset": {
            "type": "integer",
            "minimum": 0,
            "description": "Milliseconds from the start of this message's audio to the first row.",
        },
        "names": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "What the columns stand for: visemes, or ARKit's blendshapes. In the first weights after "
            "connecting, after the end of a turn and after an interruption; the same for the whole connection.",
        },
        "frames": {
            "type": "string",
            "contentEncoding": "base64",
            "description": "The rows, one after the other: a byte for each column, of which 255 stands for 1. May be "
            "empty for audio shorter than a row.",
        },
    },
    "required": ["fps", "offset", "frames"],
    "additionalProperties": False,
}

PAYLOAD_PROPERTIES: Final[JsonSchema] = {
    "visemes": {
        "type": "array",
        "description": "Changes of the mouth's shape, in order; empty when it does not change, or is not known in "
        "time.",
        "items": _EVENT,
    },
    "audio_event_id": {
        "type": "integer",
        "description": "Number of the audio they belong to. ElevenLabs may give one number to all audio of a turn.",
    },
    "subchunk_id": {"const": 1},
    "total_chunks": {"const": 1},
    "audio_duration": {
        "type": "number",
        "minimum": 0,
        "description": "Length of this message's audio in milliseconds, exactly.",
    },
    "weights": _WEIGHTS,
}
"""Members of a viseme payload."""

PAYLOAD_REQUIRED: Final = tuple(sorted(PAYLOAD_PROPERTIES.keys() - {"weights"}))
"""Members that every viseme payload has."""

PAYLOAD_REFERENCE: Final[JsonSchema] = {"$ref": "#/components/schemas/visemePayload"}

TOKEN_IN_QUERY: Final[tuple[str, JsonSchema]] = (
    "tokenInQuery",
    {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "The `token` of `signed_url`. It starts connections for 10 minutes, and resumes one for "
        "`session_ttl` seconds where that was asked for.",
    },
)
"""Security scheme of sockets whose URL is signed: name and definition."""

TOKEN_PROPERTIES: Final[JsonSchema] = {
    "ephemeral_token": {
        "type": "string",
        "description": "Short-lived token of the provider; required unless `api_key` is given.",
    },
    "api_key": {
        "type": "string",
        "description": "Standing key of the provider, in place of `ephemeral_token`.",
    },
}
"""Members of a configuration that takes an ephemeral token or a standing key."""


@dataclass(frozen=True, slots=True)
class ConfigDocument:
    """``provider_config`` in the OpenAPI document.

    Attributes:
        properties: Schema of each field, except ``viseme_model``.
        required: Members that must be given.
        examples: Summary and value of ``provider_config`` by name of the example, which begins with the provider's.
    """

    properties: JsonSchema
    required: tuple[str, ...] = ()
    examples: Mapping[str, tuple[str, JsonSchema]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SocketDocument:
    """The provider's socket in the AsyncAPI document.

    Attributes:
        address: Path, with parameters in braces.
        description: Its special features.
        message: Name of the message that carries visemes, in the channel.
        schema: Name of its schema.
        schemas: Schemas of this provider by name.
        security: Name and definition of its security scheme.
        parameters: Parameters of the address.
        more_messages: Schemas of further messages that this server adds, by the name of the message.
    """

    address: str
    description: str
    message: str
    schema: str
    schemas: JsonSchema
    security: tuple[str, JsonSchema]
    parameters: JsonSchema | None = None
    more_messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def token_in_query(self) -> bool:
        """Whether the token is the query parameter ``token``."""
        return self.security is TOKEN_IN_QUERY

    def __post_init__(self) -> None:
        """Check that the schema of the message exists.

        Raises:
            ValueError: The schema is missing.
        """
        if self.schema not in self.schemas:
            raise ValueError(f"schemas: must hold {self.schema}")
