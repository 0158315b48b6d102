"""Connection details of an ElevenLabs agent."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator, StrictInt

from mascot_server.providers.config import Name, ProviderConfig, Secret

__all__ = ["ElevenLabsConfig"]


def _variable(value: object) -> object:
    # Numbers that are too large for Python become infinite, which JSON cannot express.
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("must be a string, a boolean or a number that is not too large")


Variable = Annotated[bool | int | float | str, PlainValidator(_variable)]


class ElevenLabsConfig(ProviderConfig):
    """Connection details of an ElevenLabs agent."""

    provider: ClassVar = "elevenlabs"

    api_key: Secret
    agent_id: Name
    branch_id: Name | None = None
    version_id: Name | None = None
    environment: Name | None = None
    sample_rate: Annotated[StrictInt, Field(ge=8000, le=48000)] | None = None
    dynamic_variables: dict[str, Variable] | None = None
