"""What an app says about its provider when it asks for a signed URL. It is sealed into the token of that URL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictInt,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from mascot_server.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "VISEME_MODELS",
    "ElevenLabsConfig",
    "GeminiConfig",
    "OpenAIConfig",
    "ProviderConfig",
    "VisemeModel",
    "parse_request",
    "parse_sealed",
]

VisemeModel = Literal["default", "indonesian"]
VISEME_MODELS: Final[tuple[VisemeModel, ...]] = ("default", "indonesian")

# These end up in headers and URLs of our own requests. The patterns leave no room for line breaks, blanks or
# query delimiters.
Secret = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+$")]
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$")]


def _variable(value: object) -> object:
    # Numbers that are too large for Python become infinite, which JSON cannot express.
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("must be a string, a boolean or a number that is not too large")


Variable = Annotated[bool | int | float | str, PlainValidator(_variable)]


class _Config(BaseModel):
    """What all providers have in common. Unknown keys are let pass: clients of the contract send some."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, protected_namespaces=())

    viseme_model: VisemeModel | None = None

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Shows no fields: some are keys."""
        return ()


class ElevenLabsConfig(_Config):
    """Connection details of an ElevenLabs agent."""

    provider: ClassVar = "elevenlabs"

    api_key: Secret
    agent_id: Name
    sample_rate: Annotated[StrictInt, Field(ge=8000, le=48000)] | None = None
    dynamic_variables: dict[str, Variable] | None = None


class _TokenConfig(_Config):
    """A provider that takes an ephemeral token or a standing key."""

    ephemeral_token: Secret | None = None
    api_key: Secret | None = None

    @property
    def credential(self) -> str:
        """What to authenticate with; the ephemeral token where both are given."""
        return self.ephemeral_token or self.api_key or ""

    @model_validator(mode="after")
    def _has_credential(self) -> _TokenConfig:
        if not self.credential:
            raise ValueError("ephemeral_token is required (or api_key)")
        return self


class GeminiConfig(_TokenConfig):
    """Connection details of the Gemini Live API."""

    provider: ClassVar = "gemini"

    model: Name | None = None


class OpenAIConfig(_TokenConfig):
    """Connection details of the OpenAI Realtime API."""

    provider: ClassVar = "openai"

    model: Name = "gpt-realtime"
    voice: Name | None = None


ProviderConfig = ElevenLabsConfig | GeminiConfig | OpenAIConfig

_CONFIGS: Final[dict[str, type[ProviderConfig]]] = {
    config.provider: config for config in (ElevenLabsConfig, GeminiConfig, OpenAIConfig)
}


def parse_request(body: bytes) -> ProviderConfig:
    """Reads the body of `POST /v1/get-signed-url`.

    Raises:
        BadRequest: It is not what the contract asks for; the text names the field and the fix.
    """
    try:
        request = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise _invalid("the body is not JSON") from None
    config = _object(_object(request, "the body").get("config"), "config")
    provider = config.get("provider")
    if not isinstance(provider, str) or provider not in _CONFIGS:
        raise _invalid(f"config.provider: must be one of {', '.join(sorted(_CONFIGS))}")
    place = "config.provider_config"
    try:
        return _CONFIGS[provider].model_validate(_object(config.get("provider_config"), place))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join((place, *(str(step) for step in first["loc"])))
        raise _invalid(f"{field}: {first['msg'].removeprefix('Value error, ')}") from None


def parse_sealed(provider: str, sealed: bytes) -> ProviderConfig:
    """Reads back what was sealed into a token: `config.model_dump_json()`."""
    return _CONFIGS[provider].model_validate_json(sealed)


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{place}: must be an object")
    return value


def _invalid(problem: str) -> BadRequest:
    return BadRequest(f"Invalid provider config: {problem}")
