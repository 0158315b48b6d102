"""Common base of all provider configurations. A configuration is encrypted in the token of its signed URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mascot_server.inference.viseme_models import VisemeModel
from mascot_server.inference.viseme_sets import VisemeSets, VisemeShapes, VisemeWeights
from mascot_server.placeholders import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Name", "ProviderConfig", "Secret", "TokenConfig", "in_words"]

_VISIBLE: Final = re.compile(r"[\x21-\x7e]*")
_NAME: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._:/@-]*)?")


def in_words(pattern: re.Pattern[str], expected: str) -> BeforeValidator:
    """Return a validator for a pattern with a readable error; pydantic's own would show the regular expression."""

    def check(value: object) -> object:
        if isinstance(value, str) and is_placeholder(value):
            raise ValueError("is a placeholder from the documentation; give your own value instead")
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise ValueError(f"must be {expected}")
        return value

    return BeforeValidator(check)


# These values become part of headers and URLs of requests to providers. The patterns exclude line breaks, blanks and
# query delimiters.
Secret = Annotated[
    str,
    Field(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+$"),
    in_words(_VISIBLE, "printable ASCII characters without spaces"),
]
Name = Annotated[
    str,
    Field(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$"),
    in_words(_NAME, "a letter or digit, and then letters, digits and any of . _ : / @ -"),
]


class ProviderConfig(BaseModel):
    """Connection details of a provider. Unknown fields are ignored, because existing clients send some."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, protected_namespaces=())

    provider: ClassVar[str]

    viseme_model: VisemeModel | None = None
    viseme_shapes: VisemeShapes | None = None
    viseme_weights: VisemeWeights | None = None

    @property
    def viseme_sets(self) -> VisemeSets:
        """Viseme sets of the conversation."""
        return VisemeSets(self.viseme_shapes or "sapi", self.viseme_weights)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show no fields: some are keys."""
        return ()


class TokenConfig(ProviderConfig):
    """Connection details of a provider that takes an ephemeral token or a standing key."""

    ephemeral_token: Secret | None = None
    api_key: Secret | None = None

    @property
    def credential(self) -> str:
        """Credential to authenticate with; the ephemeral token if both are given."""
        return self.ephemeral_token or self.api_key or ""

    @model_validator(mode="after")
    def _has_credential(self) -> TokenConfig:
        if not self.credential:
            raise ValueError("ephemeral_token is required (or api_key)")
        return self
