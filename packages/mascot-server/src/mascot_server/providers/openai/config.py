"""Connection details of the OpenAI Realtime API and of GPT-Live."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from mascot_server.providers.config import Name, TokenConfig

__all__ = ["DEFAULT_MODEL", "OpenAIConfig"]

DEFAULT_MODEL = "gpt-realtime"

_LIVE_MODELS = "gpt-live-"
"""How the names of GPT-Live models begin."""


class OpenAIConfig(TokenConfig):
    """Connection details of the OpenAI Realtime API, or of GPT-Live."""

    provider: ClassVar = "openai"

    model: Name | None = None
    voice: Name | None = None
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
            raise ValueError(
                "ephemeral_token does not open GPT-Live, which knows no such tokens; give api_key alone"
            )
        if not self.credential:
            raise ValueError(
                "api_key is required" if self.is_live else "ephemeral_token is required (or api_key)"
            )
        return self
