"""What all tests of the client share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .fakes import ENVIRONMENT_SECRET, HttpServer, http_server

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    # The ElevenLabs SDK imports a name that websockets has deprecated.
    for name in ("legacy", "WebSocketClientProtocol"):
        config.addinivalue_line(
            "filterwarnings", f"ignore:websockets.{name} is deprecated:DeprecationWarning"
        )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    # Loopback must not go through whatever proxy the machine is set up with.
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def keys_in_environment(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a secret wherever the SDKs look in the environment, and give it back to search for."""
    names = [
        *(
            "OPENAI_API_KEY",
            "OPENAI_ORG_ID",
            "OPENAI_PROJECT_ID",
            "OPENAI_ADMIN_KEY",
            "OPENAI_WEBHOOK_SECRET",
        ),
        *("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "ELEVENLABS_API_KEY"),
    ]
    for name in names:
        monkeypatch.setenv(name, ENVIRONMENT_SECRET)
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", f"X-Gateway: {ENVIRONMENT_SECRET}\nAuthorization: {ENVIRONMENT_SECRET}"
    )
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "1")
    return ENVIRONMENT_SECRET


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as running:
        yield running
