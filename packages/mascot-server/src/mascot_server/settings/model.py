"""The settings of the server."""

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
from mascot_server.placeholders import is_placeholder
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
"""HS256 requires a key at least as long as its hash (RFC 7518, section 3.2)."""

EXAMPLE_SECRET: Final = "change-me-change-me-change-me-change-me"  # noqa: S105  (the one that is refused)
"""The secret shown in the documentation. The server does not start with it."""

ENV_FILE_ENCODING: Final = "utf-8-sig"
"""UTF-8 with or without a byte order mark. Editors on Windows write one, and it would become part of the first name."""

_HINT: Final = "generate one with: openssl rand -hex 32"
_KEY_HINT: Final = "generate a key with: openssl rand -hex 16"
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")


def _provider_fields() -> type[BaseSettings]:
    """Return a class with the settings of all providers: ``MASCOT_<PROVIDER>_URL`` and their own."""
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
    """The settings of the server. The prefix ``MASCOT_`` and the field's name form the environment variable."""

    model_config = SettingsConfigDict(
        env_prefix="MASCOT_",
        env_file=".env",
        env_file_encoding=ENV_FILE_ENCODING,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    api_keys: CommaSeparated = Field(
        default=(),
        description="API keys that apps may use, comma-separated, each as plain text or as `sha256:<hex>`.",
    )
    secret: CommaSeparated = Field(
        default=(),
        description="Secret of at least 32 bytes that signs and encrypts tokens; the same in all processes. It may be "
        "a comma-separated list: the first secret signs new tokens, and all of them verify existing tokens. "
        "[How to change it](keys.md#change-the-secret).",
    )
    public_url: BaseUrl | None = Field(
        default=None,
        description="Public URL of this server, such as https://example.com, or https://example.com/mascot if a proxy "
        "serves it under a path. URLs in responses begin with it. The default is the origin of each request.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 selects a free port.")
    tls_cert: Path | None = Field(
        default=None,
        description="Certificate file (PEM). TLS is enabled if both MASCOT_TLS_CERT and MASCOT_TLS_KEY are set.",
    )
    tls_key: Path | None = Field(
        default=None, description="Private key file (PEM) of the certificate, not encrypted."
    )
    cartesia_url: BaseUrl = Field(
        default="https://api.cartesia.ai", description="URL of Cartesia, for `POST /v1/visemes-audio`."
    )
    live_model: LiveModel = Field(
        default="auto",
        description="Network for live conversations. `auto`: each turn of the agent uses the accurate network while "
        "the process has capacity, otherwise the fast network `lite`. `default`: always the accurate network of the "
        "viseme model that the app selects (`default` or `indonesian`). `lite`: always `lite`.",
    )
    viseme_budget_ms: float = Field(
        default=40,
        ge=0,
        le=10_000,
        description="Maximum delay of an audio message while its visemes are computed, in milliseconds. It counts from "
        "the time when the app needs the audio for playback. If the visemes are not ready by then, the message is "
        "forwarded without them. [Details](concepts/timing.md#what-the-server-adds-to-the-delay).",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Worker processes of `serve` that share the port. Use one per CPU core.",
    )
    drain_seconds: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="How long running conversations may continue after SIGTERM, in seconds. Then they are closed.",
    )
    metrics: MetricsPlace = Field(
        default="on",
        description="Where the server serves Prometheus metrics (`/metrics`): `on` (on the same port as the API, "
        "without an API key), `off`, or `<host>:<port>` for a separate address that `serve` listens on.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console",
        description="Log format: human-readable lines (`console`) or one JSON object per line (`json`).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Lowest level that is logged: `debug`, `info`, `warning` or `error`. `debug` applies to the server "
        "itself. Libraries stay at `info`, because their `debug` lines contain headers and messages.",
    )
    tracing: bool = Field(
        default=False,
        description="Create OpenTelemetry spans for sessions and turns. Requires the extra `otel` and an OpenTelemetry "
        "SDK that your environment configures.",
    )

    key_store: Path | None = Field(
        default=None,
        description="SQLite file for the API keys that `mascot-server keys` creates. If it is not set, they are stored "
        "in Redis (MASCOT_REDIS_URL).",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="URL of the Redis or Valkey server for counters that all processes share, such as "
        "redis://:password@host:6379/0. Without it, each process counts separately.",
    )
    redis_down: Literal["open", "closed"] = Field(
        default="open",
        description="What happens while Redis is unavailable. `open`: each process counts separately, and keys stored "
        "in Redis stay valid if the process has read them before. `closed`: the server answers 503 to keys that have "
        "limits, and to tokens that are single-use or resume a conversation.",
    )
    redis_timeout_seconds: float = Field(
        default=0.5,
        gt=0,
        le=30,
        description="Time to wait for an answer of Redis before it counts as unavailable, in seconds.",
    )
    lease_seconds: float = Field(
        default=30,
        ge=1,
        le=3600,
        description="How long the conversations of a crashed process still count against the limits of their keys, in "
        "seconds.",
    )
    allowed_origins: WebOrigins = Field(
        default=(),
        description="Web origins that may open WebSockets, comma-separated, such as https://app.example.com. The "
        "default is any origin. Handshakes without an `Origin` header (non-browser clients) are always allowed, unless "
        "MASCOT_REQUIRE_ORIGIN is set.",
    )
    require_origin: bool = Field(
        default=False,
        description="Reject WebSocket handshakes without an `Origin` header (non-browser clients).",
    )
    cors_origins: AnyOrWebOrigins = Field(
        default=(),
        description="Web origins that may call the HTTP endpoints (CORS), comma-separated, or * for any. The default "
        "is none.",
    )
    single_use_tokens: bool = Field(
        default=False,
        description="Allow only one conversation per signed URL. Apps that use a URL again are then rejected with 401 "
        "and must request a new URL for each conversation.",
    )
    max_session_ttl_seconds: int = Field(
        default=7200,
        ge=0,
        le=86_400,
        description="Largest `session_ttl` that a request for a signed URL may have, in seconds: 600 or more, or 0 to "
        "allow none. A URL with `session_ttl` can [resume a "
        "conversation](keys.md#signed-urls-that-resume-a-conversation) after its 10 minutes. Several processes need "
        "MASCOT_REDIS_URL for this. With MASCOT_SINGLE_USE_TOKENS, no request may have `session_ttl`.",
    )
    max_session_seconds: float = Field(
        default=7200, ge=0, description="Maximum length of a conversation, in seconds; 0 for no limit."
    )
    idle_seconds: float = Field(
        default=300,
        ge=0,
        description="Close a conversation if neither side has sent a message for this time, in seconds; 0 for no "
        "limit. Audio, text and the pings that providers send as JSON are messages. WebSocket pings are not. Set 0 for "
        "apps that stay connected while nobody speaks.",
    )
    handshake_seconds: float = Field(
        default=20,
        gt=0,
        le=300,
        description="Maximum total time to connect an app to its provider, in seconds.",
    )

    max_head_bytes: int = Field(
        default=128 * 1024,
        ge=8192,
        le=2**24,
        description="Maximum size of the request line and headers of a request or WebSocket handshake, in bytes. "
        "Larger ones are rejected with 431.",
    )
    max_headers: int = Field(
        default=500,
        ge=32,
        le=100_000,
        description="Maximum number of headers of a request. Requests with more are rejected with 431.",
    )
    head_seconds: float = Field(
        default=15,
        gt=0,
        le=300,
        description="Maximum time for a client to send a request line and headers, in seconds. Then the request is "
        "rejected with 408.",
    )
    keep_alive_seconds: float = Field(
        default=65,
        gt=0,
        le=3600,
        description="Time that an idle connection stays open for another request, in seconds. Set it higher than the "
        "idle timeout of a proxy in front of the server.",
    )
    max_waiting_connections: int = Field(
        default=500,
        ge=1,
        description="Maximum number of idle connections of one process: those without a request in progress and "
        "without a conversation. If there are more, the server closes the one that has been idle longest.",
    )

    max_audio_bytes: int = Field(
        default=25 * 2**20, ge=1, description="Maximum size of a recording for `POST /v1/visemes`, in bytes."
    )
    max_audio_seconds: float = Field(
        default=600, gt=0, description="Maximum length of a recording for `POST /v1/visemes`, in seconds."
    )
    rest_concurrency: int = Field(
        default=16,
        ge=1,
        description="Maximum number of recordings and texts that one process handles at the same time. Further "
        "requests are rejected with 503.",
    )
    rest_concurrency_per_key: int | None = Field(
        default=None,
        ge=1,
        description="Maximum number of recordings and texts of one API key that one process handles at the same time. "
        "Further requests are rejected with 429. The default is half of MASCOT_REST_CONCURRENCY, so that one key "
        "cannot block all others.",
    )
    upload_seconds: float = Field(
        default=300,
        gt=0,
        le=86_400,
        description="Maximum time to receive the body of a request, in seconds. Then the request is rejected with 408.",
    )
    upload_bytes_per_second: int = Field(
        default=8192,
        ge=0,
        description="Minimum average upload rate of a request body after its first 20 seconds, in bytes per second. "
        "Slower requests are rejected with 408. 0 for no limit.",
    )
    answer_stall_seconds: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="How long a client may read nothing of an HTTP response, in seconds. Then its connection is "
        "closed.",
    )
    max_speech_seconds: float = Field(
        default=1800,
        gt=0,
        description="Maximum length of the speech that `POST /v1/visemes-audio` synthesizes from one text, in seconds. "
        "Longer responses end with an error event.",
    )
    piper_voices: Path | None = Field(
        default=None,
        description="Directory of Piper voices, each `NAME.onnx` with `NAME.onnx.json`, for the engine "
        "`mascotbot-tts`. Requires the extra `piper`.",
    )
    kokoro_model: Path | None = Field(
        default=None,
        description="Kokoro model file (`kokoro-….onnx`), for the engine `mascotbot-tts`. Requires the extra `kokoro`.",
    )
    kokoro_voices: Path | None = Field(
        default=None, description="Kokoro voices file (`voices-….bin`). Requires MASCOT_KOKORO_MODEL."
    )

    @field_validator("api_keys")
    @classmethod
    def _check_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            value = key.get_secret_value()
            if value.startswith("sha256:") and not _SHA256.fullmatch(value):
                raise ValueError("sha256: must be followed by 64 lower-case hex digits")
            if is_placeholder(value):
                raise ValueError(f"contains a placeholder from the documentation; {_KEY_HINT}")
        return keys

    @field_validator("max_session_ttl_seconds")
    @classmethod
    def _check_session_ttl(cls, seconds: int) -> int:
        if 0 < seconds < LIFETIME_SECONDS:
            raise ValueError(f"must be {LIFETIME_SECONDS} or more, or 0")
        return seconds

    @property
    def on_loopback(self) -> bool:
        """Whether the server listens on loopback, where only this machine can connect."""
        return is_loopback(self.host)

    def origin_of(self, provider: str) -> str:
        """Return the http(s) URL of a provider's API, without a slash at the end."""
        origin: str = getattr(self, f"{provider}_url")
        return origin

    def of_provider(self, provider: str) -> dict[str, Any]:
        """Return the settings of a provider by key in lower case."""
        return {key: getattr(self, f"{provider}_{key}") for key in ("url", *PROVIDERS[provider].settings)}

    def check_safe(self) -> None:
        """Check that the server is protected by API keys and a secret.

        Raises:
            SettingsError: A key or the secret is missing, or the secret is too short or the example of the
                documentation.
        """
        if problems := list(self._unsafe()):
            raise SettingsError("\n".join(problems))

    def _unsafe(self) -> Iterator[str]:
        if not self.api_keys and self.key_store is None and self.redis_url is None:
            yield (
                "MASCOT_API_KEYS: missing; set at least one API key, or set MASCOT_KEY_STORE to the SQLite file of "
                "your keys"
            )
        secrets = [secret.get_secret_value() for secret in self.secret]
        if not secrets:
            yield f"MASCOT_SECRET: missing; {_HINT}"
        elif any(map(is_placeholder, secrets)):
            yield f"MASCOT_SECRET: is the example secret from the documentation; {_HINT}"
        elif any(len(secret.encode()) < MIN_SECRET_BYTES for secret in secrets):
            yield f"MASCOT_SECRET: must be at least {MIN_SECRET_BYTES} bytes long; {_HINT}"
