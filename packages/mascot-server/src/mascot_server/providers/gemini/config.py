"""Connection details of the Gemini Live API, at Google's Developer API or on Vertex AI."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, model_validator

from mascot_server.providers.config import Name, Secret, TokenConfig, in_words

__all__ = ["GeminiConfig"]

_EPHEMERAL: Final = "auth_tokens/"
_ACCESS_TOKEN: Final = "ya29."  # noqa: S105 - how Google's OAuth access tokens begin
_API_KEY: Final = "AIza"

# The project becomes a part of the model's name.
Project = Annotated[
    str,
    Field(max_length=128, pattern=r"^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$"),
    in_words(
        re.compile(r"[a-z0-9]([a-z0-9.:-]*[a-z0-9])?"),
        "the id of a Google Cloud project, such as my-project-1",
    ),
]
# The location becomes a part of a host's name, whose labels have at most 63 characters.
Location = Annotated[
    str,
    Field(max_length=40, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    in_words(re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"), "a location of Google Cloud, such as us-central1"),
]


class GeminiConfig(TokenConfig):
    """Connection details of the Gemini Live API."""

    provider: ClassVar = "gemini"

    api: Literal["vertex"] | None = None
    access_token: Secret | None = None
    project: Project | None = None
    location: Location | None = None
    model: Name | None = None

    @property
    def credential(self) -> str:
        """Credential to authenticate with; the ephemeral token if an API key is given too."""
        return super().credential or self.access_token or ""

    @property
    def resource_prefix(self) -> str:
        """What the name of a model on Vertex AI begins with; empty in express mode, where the key has a project."""
        return f"projects/{self.project}/locations/{self.location}/" if self.project else ""

    @model_validator(mode="after")
    def _has_credential(self) -> GeminiConfig:
        """Check that the credential is one of the API, and that everything is there that goes with it."""
        if self.api == "vertex":
            self._check_vertex()
        else:
            for name in ("access_token", "project", "location"):
                if getattr(self, name) is not None:
                    raise ValueError(f'{name} is for Vertex AI; add "api": "vertex", or leave it out')
            if not self.credential:
                raise ValueError("ephemeral_token is required (or api_key)")
        return self

    def _check_vertex(self) -> None:
        if self.ephemeral_token is not None:
            raise ValueError(
                "ephemeral_token is for the Gemini Developer API; Vertex AI needs access_token with project and "
                "location, or an api_key of express mode"
            )
        if (self.access_token is None) == (self.api_key is None):
            raise ValueError(
                "give either access_token, with project and location, or an api_key of express mode"
            )
        if self.access_token is None:
            self._check_express()
        elif self.project is None or self.location is None:
            missing = "project" if self.project is None else "location"
            raise ValueError(f"{missing} is required with access_token")
        elif self.access_token.startswith((_API_KEY, _EPHEMERAL)):
            raise ValueError(
                "access_token must be an OAuth access token of Google Cloud; a key goes into api_key"
            )
        if self.model is not None and self.model.startswith("projects/"):
            prefix = self.resource_prefix
            if not prefix or not self.model.startswith(prefix):
                raise ValueError("model contains another project or location; give only its last part")

    def _check_express(self) -> None:
        for name in ("project", "location"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"{name} goes with access_token; an api_key of express mode has its own project"
                )
        if self.credential.startswith((_ACCESS_TOKEN, _EPHEMERAL)):
            raise ValueError(
                "api_key must be a key of Vertex AI's express mode; an OAuth access token goes into access_token"
            )
