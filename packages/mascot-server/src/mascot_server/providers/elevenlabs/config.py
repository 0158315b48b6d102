"""Connection details of an ElevenLabs agent."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, PlainValidator, StrictInt

from mascot_server.providers.config import Name, ProviderConfig, Secret

__all__ = ["ElevenLabsConfig"]


def _variable(value: object) -> object:
    # Numbers that are too large for Python become infinite, which JSON cannot express.
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("must be a string, a boolean or a number that is not too large")


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Rate = Annotated[StrictInt, BeforeValidator(_whole), Field(ge=8000, le=48000)]
"""16000.0 is a whole number too: some languages write all numbers of JSON with a point."""
Variable = Annotated[bool | int | float | str, PlainValidator(_variable)]


class ElevenLabsConfig(ProviderConfig):
    """Connection details of an ElevenLabs agent."""

    provider: ClassVar = "elevenlabs"

    api_key: Secret
    agent_id: Name
    branch_id: Name | None = None
    version_id: Name | None = None
    environment: Name | None = None
    sample_rate: Rate | None = None
    dynamic_variables: dict[str, Variable] | None = None
