"""Connection details of the OpenAI Realtime API and of GPT-Live."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from mascot_server.providers.config import Name, TokenConfig

__all__ = ["DEFAULT_MODEL", "TRANSLATION_MODEL", "CustomVoice", "OpenAIConfig", "VisemeEvents"]

DEFAULT_MODEL = "gpt-realtime-2.1"
TRANSLATION_MODEL = "gpt-realtime-translate"
"""Default on the path of translation sessions."""

VisemeEvents = Literal["mascot", "azure"]
"""How visemes are sent: as the member ``mascotVisemes`` of audio events, or as events of their own as Azure does."""


class CustomVoice(BaseModel):
    """A voice that the service knows by an id."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: Name


def _voice(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    try:
        return parse(value)
    except ValidationError:
        raise ValueError('must be a name such as "marin" or an object such as {"id": "voice_1234"}') from None


Voice = Annotated[Name | CustomVoice, WrapValidator(_voice)]

_LIVE_MODELS = "gpt-live-"
"""How the names of GPT-Live models begin."""


class OpenAIConfig(TokenConfig):
    """Connection details of the OpenAI Realtime API, or of GPT-Live."""

    provider: ClassVar = "openai"

    model: Name | None = None
    voice: Voice | None = None
    upstream: Name | None = None
    viseme_events: VisemeEvents | None = None
    api: Literal["realtime", "live"] | None = None

    @property
    def is_live(self) -> bool:
        """Whether the conversation is one of GPT-Live."""
        return self.api == "live" or (self.api is None and self._names_live_model)

    @property
    def _names_live_model(self) -> bool:
        return self.model is not None and self.model.startswith(_LIVE_MODELS)

    @model_validator(mode="after")
    def _has_credential(self) -> OpenAIConfig:
        if self.api == "realtime" and self._names_live_model:
            raise ValueError('api must be "live" for this model, a GPT-Live model')
        if self.is_live and self.ephemeral_token:
            raise ValueError("GPT-Live does not support ephemeral_token; use api_key instead")
        if self.is_live and (self.upstream or self.viseme_events == "azure"):
            field = "upstream" if self.upstream else "viseme_events"
            raise ValueError(f"{field} is for the Realtime API, not for GPT-Live; remove it")
        if self.viseme_events == "azure":
            self._check_azure()
        if not self.credential:
            raise ValueError(
                "api_key is required" if self.is_live else "ephemeral_token is required (or api_key)"
            )
        return self

    def _check_azure(self) -> None:
        """Check that nothing is asked for that Azure's events of visemes have no place for."""
        if self.viseme_weights is not None:
            raise ValueError('viseme_weights cannot be combined with viseme_events "azure"; remove one')
        if self.viseme_shapes not in (None, "sapi"):
            raise ValueError(
                'viseme_shapes must be "sapi" with viseme_events "azure", whose events carry SAPI ids'
            )
