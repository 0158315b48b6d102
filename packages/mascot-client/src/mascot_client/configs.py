"""Settings of a conversation, one model for each provider.

The models validate their fields and raise ``ConfigurationError`` with the name of the field. Keys are stored as
``SecretStr``, so ``repr`` and ``model_dump`` do not show them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    model_validator,
)

from mascot_client._sets import VisemeShapes, VisemeWeights
from mascot_client.errors import ConfigurationError


def _seal(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or not text.strip():
        raise ValueError("must be a non-empty string")
    return SecretStr(text)


def _filled(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a non-empty string")
    return value


def _scalar(value: object) -> str | bool | float:
    # JSON has no NaN and no infinity.
    if not isinstance(value, str | bool | int | float) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise ValueError("must be a string, a finite number or a boolean")
    return value


# A union, so that type checkers also accept a plain string.
def _voice(value: object) -> str | Mapping[str, str]:
    if isinstance(value, Mapping):
        if set(value) != {"id"}:
            raise ValueError('must be a name or {"id": "voice_…"}')
        return {"id": _filled(value["id"])}
    return _filled(value)


Secret = Annotated[str | SecretStr, PlainValidator(_seal)]
Name = Annotated[str, PlainValidator(_filled)]
Voice = Annotated[str | Mapping[str, str], PlainValidator(_voice)]
Scalar = Annotated[str | bool | int | float, PlainValidator(_scalar)]


class _Config(BaseModel):
    # Errors do not show the input, because the input contains keys.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    provider: ClassVar[Literal["elevenlabs", "gemini", "openai"]]

    viseme_model: Name | None = None
    viseme_shapes: VisemeShapes | None = None
    viseme_weights: VisemeWeights | None = None

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise _configuration_error(type(self).__name__, error) from None

    def provider_config(self) -> dict[str, object]:
        """Return the fields for the request: keys in clear text, fields that are not set left out."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: _plain(value) for name, value in values if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return dict(value) if isinstance(value, Mapping) else value


def _configuration_error(model: str, error: ValidationError) -> ConfigurationError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join([model, *(str(part) for part in first["loc"])])
    problems = {"missing": "is required", "extra_forbidden": "is not a field of this model"}
    return ConfigurationError(field, problems.get(first["type"], first["msg"].removeprefix("Value error, ")))


class ElevenLabsConfig(_Config):
    """Settings of a conversation with an ElevenLabs agent.

    Attributes:
        api_key: Your ElevenLabs API key. The server requests a signed URL from ElevenLabs with it.
        agent_id: The id of the agent.
        branch_id: The branch of the agent. By default ElevenLabs chooses it.
        version_id: The version of the agent. By default ElevenLabs chooses it.
        environment: The environment of the agent. The default of ElevenLabs is ``production``.
        sample_rate: The sample rate of the agent's audio in Hz, 8000 to 48000. The server uses it only if ElevenLabs
            does not announce a format.
        dynamic_variables: Values for the agent's prompt. Values that the conversation sends replace them.
        viseme_model: The viseme model. The default is ``"default"``, for all languages.
        viseme_shapes: The set of shapes of the events: ``"sapi"`` (ids 0 to 21, the default), or ``"oculus"``,
            ``"vrm"`` or ``"rhubarb"`` (names).
        viseme_weights: The set of shapes of the blend weights: ``"oculus"``, ``"vrm"`` or ``"arkit"``. By default
            the server sends no blend weights.
    """

    provider = "elevenlabs"

    api_key: Secret
    agent_id: Name
    branch_id: Name | None = None
    version_id: Name | None = None
    environment: Name | None = None
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] | None = None
    dynamic_variables: Mapping[str, Scalar] | None = None


class _TokenOrKeyConfig(_Config):
    ephemeral_token: Secret | None = None
    api_key: Secret | None = None
    model: Name | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if (self.ephemeral_token is None) == (self.api_key is None):
            raise ValueError("set either ephemeral_token or api_key")
        return self


class OpenAIConfig(_TokenOrKeyConfig):
    """Settings of an OpenAI Realtime or GPT-Live session.

    Set either ``ephemeral_token`` or ``api_key``. With ``ephemeral_token`` the server never receives your API key.
    GPT-Live accepts ``api_key`` only.

    Attributes:
        ephemeral_token: A client secret of OpenAI's ``realtime/client_secrets``, for one connection.
        api_key: Your OpenAI API key.
        model: The realtime model. The default of the server is ``gpt-realtime-2.1``.
        voice: The name of the voice, or ``{"id": "voice_…"}`` for a custom voice.
        upstream: The name, in the server's settings, of another service that uses this protocol.
        viseme_events: ``"mascot"`` (the default) adds the visemes to the audio events. ``"azure"`` sends them as
            ``response.animation_viseme.delta`` events, like Azure. ``for_openai.listen`` reads both.
        api: ``"realtime"`` or ``"live"``. By default a model name ``gpt-live-…`` selects GPT-Live. With GPT-Live,
            ``model`` and ``voice`` replace those that the session sends.
        viseme_model: The viseme model. The default is ``"default"``, for all languages.
        viseme_shapes: The set of shapes of the events: ``"sapi"`` (ids 0 to 21, the default), or ``"oculus"``,
            ``"vrm"`` or ``"rhubarb"`` (names).
        viseme_weights: The set of shapes of the blend weights: ``"oculus"``, ``"vrm"`` or ``"arkit"``. By default
            the server sends no blend weights.
    """

    provider = "openai"

    voice: Voice | None = None
    upstream: Name | None = None
    viseme_events: Literal["mascot", "azure"] | None = None
    api: Literal["realtime", "live"] | None = None

    @model_validator(mode="after")
    def _what_azures_events_carry(self) -> Self:
        if self.viseme_events == "azure" and self.viseme_weights is not None:
            raise ValueError('viseme_weights cannot be combined with viseme_events="azure"; leave one out')
        if self.viseme_events == "azure" and self.viseme_shapes not in (None, "sapi"):
            raise ValueError('viseme_shapes must be "sapi" if viseme_events is "azure"')
        return self

    @model_validator(mode="after")
    def _standing_key_for_live(self) -> Self:
        live = self.api == "live" or (self.api is None and (self.model or "").startswith("gpt-live-"))
        if live and self.ephemeral_token is not None:
            raise ValueError("GPT-Live has no ephemeral tokens; set api_key instead of ephemeral_token")
        return self


class GeminiConfig(_Config):
    """Settings of a Gemini Live session, of the Gemini Developer API or of Vertex AI.

    Set one credential. With ``ephemeral_token`` the server never receives your API key. Vertex AI (``api="vertex"``)
    accepts an ``access_token`` together with ``project`` and ``location``, or an ``api_key`` of its express mode.

    Attributes:
        ephemeral_token: A token of Google's ``auth_tokens``, for one connection. Vertex AI does not accept it.
        api_key: Your Gemini API key, or an API key of Vertex AI's express mode.
        model: The live model. It replaces the model that the session sends.
        api: ``"vertex"`` for Vertex AI. The default is the Gemini Developer API.
        access_token: An OAuth access token of Google Cloud with the scope ``cloud-platform``. It is valid for about
            one hour.
        project: The Google Cloud project, for Vertex AI.
        location: The location, for Vertex AI, for example ``"global"`` or ``"europe-west4"``.
        viseme_model: The viseme model. The default is ``"default"``, for all languages.
        viseme_shapes: The set of shapes of the events: ``"sapi"`` (ids 0 to 21, the default), or ``"oculus"``,
            ``"vrm"`` or ``"rhubarb"`` (names).
        viseme_weights: The set of shapes of the blend weights: ``"oculus"``, ``"vrm"`` or ``"arkit"``. By default
            the server sends no blend weights.
    """

    provider = "gemini"

    ephemeral_token: Secret | None = None
    api_key: Secret | None = None
    model: Name | None = None
    api: Literal["vertex"] | None = None
    access_token: Secret | None = None
    project: Name | None = None
    location: Name | None = None

    @model_validator(mode="after")
    def _fits_api(self) -> Self:
        of_vertex = [
            name for name in ("access_token", "project", "location") if getattr(self, name) is not None
        ]
        if self.api is None:
            if of_vertex:
                raise ValueError(
                    f'{of_vertex[0]} is for Vertex AI only; add api="vertex" or leave {of_vertex[0]} out'
                )
            if (self.ephemeral_token is None) == (self.api_key is None):
                raise ValueError("set either ephemeral_token or api_key")
        elif self.ephemeral_token is not None:
            raise ValueError(
                "Vertex AI does not accept ephemeral_token; set access_token or an api_key of express mode"
            )
        elif (self.access_token is None) == (self.api_key is None):
            raise ValueError("set either access_token with project and location, or api_key")
        elif of_vertex and len(of_vertex) < len(("access_token", "project", "location")):
            raise ValueError("access_token, project and location must be set together")
        return self


ProviderConfig = ElevenLabsConfig | GeminiConfig | OpenAIConfig
