"""Named upstreams: other services with OpenAI's Realtime protocol.

They are configured in ``MASCOT_OPENAI_UPSTREAMS``; an app can only select a name. A profile contains the connection
details of a kind of service, so an entry usually consists of a profile and a URL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mascot_server.providers.base_url import base_url
from mascot_server.providers.config import Name

__all__ = ["PROFILES", "Upstream", "parse_upstreams"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATH: Final = r"^(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$"
_PARAMETER: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_HEADER: Final = r"^[A-Za-z][A-Za-z0-9-]*$"
_HANDSHAKE_HEADERS: Final = re.compile(
    r"host|connection|upgrade|origin|user-agent|content-.*|sec-.*|proxy-.*", re.IGNORECASE
)
_CREDENTIALS: Final = re.compile(r"api[-_]?key|.*token|.*secret|authorization|password", re.IGNORECASE)
"""Names that hold a credential. Credentials come from the app and are never part of the settings."""

Parameter = Annotated[str, Field(max_length=64, pattern=_PARAMETER)]
Value = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]


class Upstream(BaseModel):
    """How a service is addressed.

    Attributes:
        url: http(s) origin, with the path prefix that it is served under.
        path: Path of the socket.
        query: Fixed parameters of the query.
        model_parameter: Query parameter that names the model; ``None`` for a service that has none.
        model: Model for apps that name none.
        auth_header: Header that an ``api_key`` is sent in; ``None`` for a service without keys. An
            ``ephemeral_token`` is always sent as ``Authorization: Bearer``.
        auth_scheme: Word before the key in that header; ``None`` for the bare key.
        events: Names of its events: of the generally available API, or of the beta, whose handshake has a header.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=())

    url: Annotated[str, BeforeValidator(base_url)]
    path: Annotated[str, Field(max_length=256, pattern=_PATH)] = "/v1/realtime"
    query: Mapping[Parameter, Value] = Field(default_factory=dict)
    model_parameter: Parameter | None = "model"
    model: Name | None = None
    auth_header: Annotated[str, Field(max_length=64, pattern=_HEADER)] | None = "Authorization"
    auth_scheme: Annotated[str, Field(max_length=32, pattern=_HEADER)] | None = "Bearer"
    events: Literal["ga", "beta"] = "ga"

    @model_validator(mode="after")
    def _check(self) -> Upstream:
        for name in self.query:
            if _CREDENTIALS.fullmatch(name):
                raise ValueError(
                    f"query.{name}: remove it; credentials come from apps, in api_key or ephemeral_token"
                )
            if name == self.model_parameter:
                raise ValueError(f"query.{name}: use model to set the default model")
        if self.auth_header is not None and _HANDSHAKE_HEADERS.fullmatch(self.auth_header):
            raise ValueError(f"auth_header: must not be {self.auth_header}, which the handshake itself uses")
        return self

    def target_query(self, model: str | None) -> dict[str, str]:
        """Return the parameters of the query for the model that an app names, if it does."""
        model = model or self.model
        named = {} if self.model_parameter is None or model is None else {self.model_parameter: model}
        return {**self.query, **named}

    def headers(self, *, api_key: str | None, ephemeral_token: str | None) -> dict[str, str]:
        """Return the headers of the handshake: exactly one form of authentication, or none."""
        beta = {"OpenAI-Beta": "realtime=v1"} if self.events == "beta" else {}
        if self.auth_header is None:
            return beta
        if ephemeral_token is not None:
            return {"Authorization": f"Bearer {ephemeral_token}", **beta}
        scheme = "" if self.auth_scheme is None else f"{self.auth_scheme} "
        return {self.auth_header: f"{scheme}{api_key}", **beta}


_AZURE: Final = {"auth_header": "api-key", "auth_scheme": None}

PROFILES: Final[Mapping[str, Mapping[str, Any]]] = {
    "openai": {"url": "https://api.openai.com"},
    "azure": {"path": "/openai/v1/realtime", **_AZURE},
    "azure-preview": {
        "path": "/openai/realtime",
        "query": {"api-version": "2025-04-01-preview"},
        "model_parameter": "deployment",
        "events": "beta",
        **_AZURE,
    },
    "azure-voice-live": {
        "path": "/voice-live/realtime",
        "query": {"api-version": "2026-07-15"},
        "events": "beta",
        **_AZURE,
    },
    "xai": {"url": "https://api.x.ai", "model": "grok-voice-latest"},
    "litellm": {},
    "localai": {},
    "speaches": {"events": "beta"},
    "qwen": {
        "url": "https://dashscope-intl.aliyuncs.com",
        "path": "/api-ws/v1/realtime",
        "events": "beta",
    },
    "hf": {"model_parameter": None, "auth_header": None},
}
"""What differs from OpenAI's own service, by name of the profile. A profile without ``url`` needs one."""


def parse_upstreams(value: object) -> dict[str, Upstream]:
    """Read the setting ``MASCOT_OPENAI_UPSTREAMS``.

    Args:
        value: JSON text, or the object itself.

    Returns:
        The upstreams by name.

    Raises:
        ValueError: Something is wrong; the text names the entry, the field and the fix, and quotes no value.
    """
    try:
        entries = json.loads(value or "{}") if isinstance(value, str) else value
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, Mapping):
        raise ValueError(  # noqa: TRY004 - pydantic wants a ValueError
            'must be a JSON object such as {"azure-eu": {"profile": "azure", "url": "https://example.openai.azure.com"}}'
        )
    return {_checked_name(name): _upstream(name, entry) for name, entry in entries.items()}


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a name must have at most 64 letters, digits and ._- and begin with a letter or digit"
        )
    return name


def _upstream(name: str, entry: object) -> Upstream:
    if isinstance(entry, Upstream):
        return entry
    if not isinstance(entry, Mapping):
        raise ValueError(  # noqa: TRY004 - pydantic wants a ValueError
            f'{name}: must be an object such as {{"profile": "localai", "url": "http://localhost:8080"}}'
        )
    profile = entry.get("profile", "openai")
    if not isinstance(profile, str) or profile not in PROFILES:
        raise ValueError(f"{name}.profile: must be one of {', '.join(PROFILES)}")
    values = {**PROFILES[profile], **{key: member for key, member in entry.items() if key != "profile"}}
    if profile == "azure" and isinstance(query := values.get("query"), Mapping) and "api-version" in query:
        raise ValueError(
            f"{name}.query.api-version: the GA API refuses it; remove it, or use the profile azure-preview"
        )
    try:
        return Upstream.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"{name}{_problem(error, profile)}") from None


def _problem(error: ValidationError, profile: str) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = "".join(f".{step}" for step in first["loc"] if step != "[key]")
    if first["type"] == "missing":
        return f"{place}: is required with the profile {profile}"
    if first["type"] == "extra_forbidden":
        if _CREDENTIALS.fullmatch(str(first["loc"][-1])):
            return f"{place}: remove it; credentials come from apps, in api_key or ephemeral_token"
        return f"{place}: is no field; the fields are profile, {', '.join(Upstream.model_fields)}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else f".{message}"
