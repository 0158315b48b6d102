"""What the server needs to know to open a conversation, one model per provider.

The models check what can be checked without the server and raise ``ConfigurationError`` naming the field.
Keys are ``SecretStr`` inside, so neither ``repr`` nor ``model_dump`` shows them.
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


# Written as a union so that a plain string satisfies type checkers too; inside, it is always a SecretStr.
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
    # Inputs are hidden because they hold keys.
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
        """The fields as the server wants them: keys in clear, what was not given left out."""
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
    """An ElevenLabs agent.

    Attributes:
        api_key: Your ElevenLabs key; the server asks ElevenLabs for a signed URL with it.
        agent_id: The agent to talk to.
        branch_id: The branch of the agent; ElevenLabs chooses if not given.
        version_id: The version of the agent; ElevenLabs chooses if not given.
        environment: The environment of the agent, ElevenLabs' ``production`` if not given.
        sample_rate: The agent's output rate in Hz, 8000 to 48000; only a fallback, the format that ElevenLabs
            announces wins.
        dynamic_variables: Values for the agent's prompt; those that the conversation itself sends win.
        viseme_model: The language's model, ``"default"`` (English) if not given.
        viseme_shapes: The viseme set of the events: ``"sapi"`` (numbers) if not given, ``"oculus"``, ``"vrm"`` or
            ``"rhubarb"`` (names).
        viseme_weights: The set to send blend weights of: ``"oculus"``, ``"vrm"`` or ``"arkit"``; none if not given.
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
            raise ValueError("give either ephemeral_token or api_key")
        return self


class OpenAIConfig(_TokenOrKeyConfig):
    """An OpenAI Realtime session, or one of GPT-Live.

    Give one of the two credentials. With ``ephemeral_token`` your standing key never reaches the server. GPT-Live takes
    ``api_key`` alone.

    Attributes:
        ephemeral_token: A client secret made by OpenAI's ``realtime/client_secrets``, for one connection.
        api_key: Your OpenAI key.
        model: The realtime model, the server's default (``gpt-realtime-2.1``) if not given.
        voice: The voice to ask for, a name, or ``{"id": "voice_…"}`` for a custom one.
        upstream: Another service with this protocol, by its name in the server's settings.
        viseme_events: The form of the visemes: ``"mascot"`` (the default) adds them to audio events, ``"azure"`` sends
            events ``response.animation_viseme.delta`` as Azure does. ``for_openai.listen`` reads both.
        api: ``"realtime"`` or ``"live"``; if not given, a model ``gpt-live-…`` chooses GPT-Live. There ``model`` and
            ``voice``, where given, replace those that the session starts with.
        viseme_model: The language's model, ``"default"`` (English) if not given.
        viseme_shapes: The viseme set of the events: ``"sapi"`` (numbers) if not given, ``"oculus"``, ``"vrm"`` or
            ``"rhubarb"`` (names).
        viseme_weights: The set to send blend weights of: ``"oculus"``, ``"vrm"`` or ``"arkit"``; none if not given.
    """

    provider = "openai"

    voice: Voice | None = None
    upstream: Name | None = None
    viseme_events: Literal["mascot", "azure"] | None = None
    api: Literal["realtime", "live"] | None = None

    @model_validator(mode="after")
    def _what_azures_events_carry(self) -> Self:
        if self.viseme_events == "azure" and self.viseme_weights is not None:
            raise ValueError('viseme_weights does not go with viseme_events="azure", whose events have none')
        if self.viseme_events == "azure" and self.viseme_shapes not in (None, "sapi"):
            raise ValueError('viseme_shapes must be "sapi" with viseme_events="azure"')
        return self

    @model_validator(mode="after")
    def _standing_key_for_live(self) -> Self:
        live = self.api == "live" or (self.api is None and (self.model or "").startswith("gpt-live-"))
        if live and self.ephemeral_token is not None:
            raise ValueError("GPT-Live has no ephemeral tokens: give api_key")
        return self


class GeminiConfig(_Config):
    """A Gemini Live session, of the Gemini Developer API or on Vertex AI.

    Give one credential. With ``ephemeral_token`` your standing key never reaches the server. Vertex AI
    (``api="vertex"``) takes an ``access_token`` with ``project`` and ``location``, or an ``api_key`` of express mode.

    Attributes:
        ephemeral_token: A token made by Google's ``auth_tokens``, for one connection; not on Vertex AI.
        api_key: Your Gemini key, or one of Vertex AI's express mode.
        model: The live model; where given, it replaces the one that the session names.
        api: ``"vertex"`` for Vertex AI.
        access_token: An OAuth access token of Google Cloud, scope ``cloud-platform``; it lasts about an hour.
        project: The project on Vertex AI.
        location: The location on Vertex AI, such as ``"global"`` or ``"europe-west4"``.
        viseme_model: The language's model, ``"default"`` (English) if not given.
        viseme_shapes: The viseme set of the events: ``"sapi"`` (numbers) if not given, ``"oculus"``, ``"vrm"`` or
            ``"rhubarb"`` (names).
        viseme_weights: The set to send blend weights of: ``"oculus"``, ``"vrm"`` or ``"arkit"``; none if not given.
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
                raise ValueError(f'{of_vertex[0]} is for Vertex AI; add api="vertex", or leave it out')
            if (self.ephemeral_token is None) == (self.api_key is None):
                raise ValueError("give either ephemeral_token or api_key")
        elif self.ephemeral_token is not None:
            raise ValueError(
                "ephemeral_token is not for Vertex AI; give access_token or an api_key of express mode"
            )
        elif (self.access_token is None) == (self.api_key is None):
            raise ValueError("give either access_token, with project and location, or api_key")
        elif of_vertex and len(of_vertex) < len(("access_token", "project", "location")):
            raise ValueError("access_token, project and location go together")
        return self


ProviderConfig = ElevenLabsConfig | GeminiConfig | OpenAIConfig
