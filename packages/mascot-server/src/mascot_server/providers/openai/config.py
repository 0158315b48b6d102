"""Connection details of the OpenAI Realtime API."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

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


class OpenAIConfig(TokenConfig):
    """Connection details of the OpenAI Realtime API."""

    provider: ClassVar = "openai"

    model: Name | None = None
    voice: Voice | None = None
    upstream: Name | None = None
    viseme_events: VisemeEvents | None = None
