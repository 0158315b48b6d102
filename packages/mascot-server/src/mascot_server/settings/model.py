"""Everything that can be set."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SecretStr, create_model, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mascot_server.auth.loopback import is_loopback
from mascot_server.auth.tokens import LIFETIME_SECONDS
from mascot_server.errors import SettingsError
from mascot_server.inference.viseme_models import LiveModel  # noqa: TC001 - pydantic reads it
from mascot_server.providers.registry import PROVIDERS
from mascot_server.settings.types import (
    AnyOrWebOrigins,
    BaseUrl,
    CommaSeparated,
    MetricsPlace,
    WebOrigins,
)

__all__ = ["ENV_FILE_ENCODING", "EXAMPLE_SECRET", "MIN_SECRET_BYTES", "Settings"]

MIN_SECRET_BYTES: Final = 32
"""HS256 wants a key at least as long as its hash (RFC 7518, section 3.2)."""

EXAMPLE_SECRET: Final = "change-me-change-me-change-me-change-me"  # noqa: S105  (the one that is refused)
"""The secret shown in the documentation. The server does not start with it."""

ENV_FILE_ENCODING: Final = "utf-8-sig"
"""UTF-8, with or without the mark that editors on Windows put first, which would become a part of the first name."""

_HINT: Final = "make one with: openssl rand -hex 32"
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")


def _provider_fields() -> type[BaseSettings]:
    """Make the part of the settings that belongs to providers: ``MASCOT_<PROVIDER>_URL`` and their own."""
    fields: dict[str, Any] = {}
    for name, provider in PROVIDERS.items():
        url = Field(default=provider.default_origin, description=f"URL of {provider.title}.")
        fields[f"{name}_url"] = (BaseUrl, url)
        fields |= {f"{name}_{key}": field for key, field in provider.settings.items()}
    return create_model("ProviderFields", __base__=BaseSettings, **fields)


if TYPE_CHECKING:
    from collections.abc import Iterator

    class _ProviderFields(BaseSettings):
        """See `_provider_fields`."""
else:
    _ProviderFields = _provider_fields()


class Settings(_ProviderFields):
    """Everything that can be set, each by the environment variable of its name with `MASCOT_` before it."""

    model_config = SettingsConfigDict(
        env_prefix="MASCOT_",
        env_file=".env",
        env_file_encoding=ENV_FILE_ENCODING,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    api_keys: CommaSeparated = Field(
        default=(), description="Keys that apps may use, comma-separated, each in clear or as `sha256:<hex>`."
    )
    secret: CommaSeparated = Field(
        default=(),
        description="Text of 32 bytes or more that tokens are signed and sealed with. Comma-separated "
        "to rotate: the first signs, all open.",
    )
    public_url: BaseUrl | None = Field(
        default=None,
        description="URL of this server as apps see it, such as https://example.com or, behind a proxy that serves it "
        "under a path, https://example.com/mascot. Answers are built from it; by default from what a request came to.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_cert: Path | None = Field(
        default=None, description="Certificate file (PEM). TLS is on with both files."
    )
    tls_key: Path | None = Field(default=None, description="Key file (PEM) of the certificate.")
    cartesia_url: BaseUrl = Field(
        default="https://api.cartesia.ai", description="URL of Cartesia, for `POST /v1/visemes-audio`."
    )
    live_model: LiveModel = Field(
        default="auto",
        description="Network of mascot-visemes for live conversations with the viseme model `default`: the accurate "
        "one (`default`), the fast one (`lite`), or for each turn the accurate one while the process has capacity and "
        "otherwise the fast one (`auto`).",
    )
    viseme_budget_ms: float = Field(
        default=40,
        ge=0,
        le=10_000,
        description="How long audio may be held for its visemes, in milliseconds.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Processes that `serve` runs on the one port. One a core is right.",
    )
    drain_seconds: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="How long running conversations may go on after SIGTERM, in seconds, before they are closed.",
    )
    metrics: MetricsPlace = Field(
        default="on",
        description="Where Prometheus finds `/metrics`: `on` (beside the API, without a key), `off`, or "
        "`<host>:<port>` for an address of its own, which `serve` then listens on.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Log lines to read (`console`) or one JSON object a line (`json`)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Lowest level that is logged: `debug`, `info`, `warning` or `error`. `debug` is for the server "
        "itself; libraries stay at `info`, because their `debug` lines hold headers and messages.",
    )
    tracing: bool = Field(
        default=False,
        description="Make OpenTelemetry spans of sessions and turns. Needs the extra `otel`, and an SDK that the host "
        "sets up.",
    )

    key_store: Path | None = Field(
        default=None,
        description="SQLite file of the keys that `mascot-server keys` makes; by default they are in Redis, where "
        "MASCOT_REDIS_URL is set.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis or Valkey that all processes count in, such as redis://:password@host:6379/0; each counts "
        "for itself without it.",
    )
    redis_down: Literal["open", "closed"] = Field(
        default="open",
        description="While Redis is away: with `open` each process counts for itself (and knows the keys that it knew "
        "before, if keys are in Redis too); `closed` answers 503 to keys that have limits, and to all tokens that may "
        "be used once or resume a conversation.",
    )
    redis_timeout_seconds: float = Field(
        default=0.5,
        gt=0,
        le=30,
        description="How long Redis may take to answer before it counts as away, in seconds.",
    )
    lease_seconds: float = Field(
        default=30,
        ge=1,
        le=3600,
        description="How long the conversations of a process that died still count as running, in seconds.",
    )
    allowed_origins: WebOrigins = Field(
        default=(),
        description="Web pages that may open sockets, as origins such as https://app.example.com, comma-separated; "
        "any by default. What is no browser sends no origin and may.",
    )
    require_origin: bool = Field(
        default=False, description="Turn away sockets without an origin, which is: all but browsers."
    )
    cors_origins: AnyOrWebOrigins = Field(
        default=(),
        description="Web pages that may call the HTTP endpoints and read the answers, as origins, comma-separated, or "
        "* for any; none by default.",
    )
    single_use_tokens: bool = Field(
        default=False,
        description="Let each signed URL start one conversation only. Apps that use an ElevenLabs URL again within its "
        "10 minutes, as the contract allows, are then refused with 401 and must ask for a new one each time.",
    )
    max_session_ttl_seconds: int = Field(
        default=7200,
        ge=0,
        le=86_400,
        description="Longest `session_ttl` that `POST /v1/get-signed-url` takes, in seconds: for so long a signed URL "
        "resumes a conversation that it started within its 10 minutes. 600 or more, or 0 to refuse `session_ttl`. "
        "Processes that serve together need MASCOT_REDIS_URL for it; with MASCOT_SINGLE_USE_TOKENS it is refused.",
    )
    max_session_seconds: float = Field(
        default=7200, ge=0, description="Longest conversation, in seconds; 0 for no limit."
    )
    idle_seconds: float = Field(
        default=300,
        ge=0,
        description="End a conversation when neither side has sent a message for this time, in seconds; 0 for never. "
        "Audio, text and the pings that providers send as JSON are messages. WebSocket pings are not: set 0 for apps "
        "that stay connected while nobody speaks.",
    )
    handshake_seconds: float = Field(
        default=20,
        gt=0,
        le=300,
        description="How long connecting an app to its provider may take altogether, in seconds.",
    )

    max_head_bytes: int = Field(
        default=128 * 1024,
        ge=8192,
        le=2**24,
        description="Largest request line and headers together of a request or WebSocket handshake, in bytes; more is "
        "answered 431.",
    )
    max_headers: int = Field(
        default=500, ge=32, le=100_000, description="Most headers of a request; more are answered 431."
    )
    head_seconds: float = Field(
        default=15,
        gt=0,
        le=300,
        description="How long a client may take to send a request line with headers, in seconds; then it is answered "
        "408.",
    )
    keep_alive_seconds: float = Field(
        default=65,
        gt=0,
        le=3600,
        description="How long a connection is kept open for another request, in seconds. Set it above the time that a "
        "proxy in front keeps idle connections.",
    )
    max_waiting_connections: int = Field(
        default=500,
        ge=1,
        description="Connections of one process that have no request in progress and no conversation. Where there are "
        "more, the one that waits longest is closed.",
    )

    max_audio_bytes: int = Field(
        default=25 * 2**20, ge=1, description="Largest recording that `POST /v1/visemes` takes, in bytes."
    )
    max_audio_seconds: float = Field(
        default=600, gt=0, description="Longest recording that `POST /v1/visemes` takes, in seconds."
    )
    rest_concurrency: int = Field(
        default=16,
        ge=1,
        description="Recordings and texts that one process works on at a time; more are answered 503.",
    )
    rest_concurrency_per_key: int | None = Field(
        default=None,
        ge=1,
        description="Recordings and texts of one API key that one process works on at a time; more are answered 429. "
        "Half of MASCOT_REST_CONCURRENCY by default, so that one key cannot keep out all others.",
    )
    upload_seconds: float = Field(
        default=300,
        gt=0,
        le=86_400,
        description="Longest time that the body of a request may take to arrive, in seconds; then it is answered 408.",
    )
    upload_bytes_per_second: int = Field(
        default=8192,
        ge=0,
        description="Lowest average rate of a body after its first 20 seconds, in bytes per second; below it the "
        "request is answered 408. 0 for no limit.",
    )
    answer_stall_seconds: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="How long a client may leave an HTTP answer unread, in seconds; then its connection is cut.",
    )
    max_speech_seconds: float = Field(
        default=1800,
        gt=0,
        description="Longest speech that `POST /v1/visemes-audio` makes from one text, in seconds; then it ends with "
        "an error event.",
    )
    piper_voices: Path | None = Field(
        default=None,
        description="Folder of Piper voices, each `NAME.onnx` with `NAME.onnx.json`, for the engine `mascotbot-tts`. "
        "Needs the extra `piper`.",
    )
    kokoro_model: Path | None = Field(
        default=None,
        description="Kokoro's model (`kokoro-….onnx`), for the engine `mascotbot-tts`. Needs the extra `kokoro`.",
    )
    kokoro_voices: Path | None = Field(
        default=None, description="Kokoro's voices (`voices-….bin`), to go with MASCOT_KOKORO_MODEL."
    )

    @field_validator("api_keys")
    @classmethod
    def _check_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            value = key.get_secret_value()
            if value.startswith("sha256:") and not _SHA256.fullmatch(value):
                raise ValueError("sha256: must be followed by 64 lower-case hex digits")
        return keys

    @field_validator("max_session_ttl_seconds")
    @classmethod
    def _check_session_ttl(cls, seconds: int) -> int:
        if 0 < seconds < LIFETIME_SECONDS:
            raise ValueError(f"must be {LIFETIME_SECONDS} or more, or 0")
        return seconds

    @property
    def on_loopback(self) -> bool:
        """Whether it listens where only this machine can connect."""
        return is_loopback(self.host)

    def origin_of(self, provider: str) -> str:
        """Return the http(s) URL of a provider's API, without a slash at the end."""
        origin: str = getattr(self, f"{provider}_url")
        return origin

    def of_provider(self, provider: str) -> dict[str, Any]:
        """Return the settings of a provider by key in lower case."""
        return {key: getattr(self, f"{provider}_{key}") for key in ("url", *PROVIDERS[provider].settings)}

    def check_safe(self) -> None:
        """Checks that only who should can use the server.

        Raises:
            SettingsError: There is no key, or no secret, or a secret that others know or could guess.
        """
        if problems := list(self._unsafe()):
            raise SettingsError("\n".join(problems))

    def _unsafe(self) -> Iterator[str]:
        if not self.api_keys and self.key_store is None and self.redis_url is None:
            yield (
                "MASCOT_API_KEYS: missing; name at least one key that apps may use, or where keys are kept by "
                "MASCOT_KEY_STORE"
            )
        secrets = [secret.get_secret_value() for secret in self.secret]
        if not secrets:
            yield f"MASCOT_SECRET: missing; {_HINT}"
        elif EXAMPLE_SECRET in secrets:
            yield f"MASCOT_SECRET: is the example of the documentation; {_HINT}"
        elif any(len(secret.encode()) < MIN_SECRET_BYTES for secret in secrets):
            yield f"MASCOT_SECRET: must be {MIN_SECRET_BYTES} bytes or longer; {_HINT}"
