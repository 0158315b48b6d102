"""Settings from the environment and `.env`, all named `MASCOT_…`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mascot_server.errors import SettingsError

__all__ = ["EXAMPLE_SECRET", "MIN_SECRET_BYTES", "Settings", "load_settings"]

MIN_SECRET_BYTES: Final = 32
"""HS256 wants a key at least as long as its hash (RFC 7518, section 3.2)."""

EXAMPLE_SECRET: Final = "change-me-change-me-change-me-change-me"  # noqa: S105  (the one that is refused)
"""The secret shown in the documentation. The server does not start with it."""

_HINT: Final = "make one with: openssl rand -hex 32"
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")
_ORIGIN_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _split(value: object) -> object:
    return [piece.strip() for piece in value.split(",") if piece.strip()] if isinstance(value, str) else value


def _origin(value: object) -> object:
    """Normalises an origin to its http(s) form; ws and wss are accepted alike."""
    if not isinstance(value, str):
        return value
    url = urlsplit(value.strip())
    if url.scheme not in _ORIGIN_SCHEMES or not url.hostname:
        raise ValueError("must be an origin such as https://api.example.com")
    if url.path not in {"", "/"} or url.query or url.fragment or url.username is not None:
        raise ValueError("must be an origin without a path, query or user, such as https://api.example.com")
    return f"{_ORIGIN_SCHEMES[url.scheme]}://{url.netloc}"


CommaSeparated = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
Origin = Annotated[str, BeforeValidator(_origin)]


class Settings(BaseSettings):
    """Everything that can be set, each by the environment variable of its name with `MASCOT_` before it."""

    model_config = SettingsConfigDict(
        env_prefix="MASCOT_", env_file=".env", extra="ignore", hide_input_in_errors=True, frozen=True
    )

    api_keys: CommaSeparated = Field(
        default=(), description="Keys that apps may use, comma-separated, each in clear or as sha256:<hex>."
    )
    secret: CommaSeparated = Field(
        default=(),
        description="Text of 32 bytes or more that tokens are signed and sealed with. Comma-separated "
        "to rotate: the first signs, all open.",
    )
    public_url: Origin | None = Field(
        default=None, description="Origin that answers are built from; by default the one a request came to."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_cert: Path | None = Field(
        default=None, description="Certificate file (PEM). TLS is on with both files."
    )
    tls_key: Path | None = Field(default=None, description="Key file (PEM) of the certificate.")
    elevenlabs_url: Origin = Field(default="https://api.elevenlabs.io", description="Origin of ElevenLabs.")
    openai_url: Origin = Field(default="https://api.openai.com", description="Origin of OpenAI.")
    gemini_url: Origin = Field(
        default="https://generativelanguage.googleapis.com", description="Origin of the Gemini API."
    )
    viseme_budget_ms: float = Field(
        default=40,
        ge=0,
        le=10_000,
        description="How long audio may be held for its visemes, in milliseconds.",
    )

    @field_validator("api_keys")
    @classmethod
    def _check_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            value = key.get_secret_value()
            if value.startswith("sha256:") and not _SHA256.fullmatch(value):
                raise ValueError("sha256: must be followed by 64 lower-case hex digits")
        return keys

    def check_safe(self) -> None:
        """Checks that only who should can use the server.

        Raises:
            SettingsError: There is no key, or no secret, or a secret that others know or could guess.
        """
        if not self.api_keys:
            raise SettingsError("MASCOT_API_KEYS: missing; name at least one key that apps may use")
        if not self.secret:
            raise SettingsError(f"MASCOT_SECRET: missing; {_HINT}")
        for secret in self.secret:
            value = secret.get_secret_value()
            if len(value.encode()) < MIN_SECRET_BYTES:
                raise SettingsError(f"MASCOT_SECRET: must be {MIN_SECRET_BYTES} bytes or longer; {_HINT}")
            if value == EXAMPLE_SECRET:
                raise SettingsError(f"MASCOT_SECRET: is the example of the documentation; {_HINT}")


def load_settings(**overrides: Any) -> Settings:
    """Reads the settings.

    Args:
        overrides: Values that win over the environment; `None` leaves a setting alone.

    Returns:
        The settings.

    Raises:
        SettingsError: Some are wrong; the text names each one and never shows a value.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        lines = [
            f"MASCOT_{str(e['loc'][0]).upper()}: {_wording(e['msg'])}"
            for e in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None


def _wording(message: str) -> str:
    return message.removeprefix("Value error, ")
