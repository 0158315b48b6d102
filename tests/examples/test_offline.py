"""What the examples share: real where there is a key, simulated where there is none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from examples.offline import KEYS, offline
from mascot_client import MascotClient, OpenAIConfig, for_openai

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variables in KEYS.values():
        for name in variables:
            monkeypatch.delenv(name, raising=False)
    for name in ("MASCOT_BASE_URL", "MASCOT_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def running() -> Iterator[frozenset[str]]:
    with offline("openai", "gemini") as missing:
        yield missing


def test_without_a_key_everything_runs_here(running: frozenset[str]) -> None:
    assert running == {"openai", "gemini"}
    for name in ("MASCOT_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        assert os.environ[name].startswith("http://127.0.0.1:")
    with MascotClient() as mascot:
        answer = mascot.get_signed_url(for_openai.mint())
    with for_openai.connect(answer) as connection:
        assert next(iter(connection)).type == "session.created"


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example")
    before = dict(os.environ)
    with offline("openai"):
        assert os.environ["OPENAI_BASE_URL"] != before["OPENAI_BASE_URL"]
    assert dict(os.environ) == before


def test_a_provider_with_a_key_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-yours")
    with offline("openai", "elevenlabs") as missing:
        assert missing == {"elevenlabs"}
        assert os.environ["OPENAI_API_KEY"] == "sk-yours"
        assert "OPENAI_BASE_URL" not in os.environ
        # The server takes questions about both; what it would dial for OpenAI is OpenAI.
        with MascotClient() as mascot:
            assert mascot.get_signed_url(OpenAIConfig(api_key="sk-yours")).url.startswith("ws://127.0.0.1:")


def test_a_server_of_yours_is_used_and_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOT_BASE_URL", "https://lips.example")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-yours")
    with offline("openai") as missing:
        assert missing == frozenset()
        assert os.environ["MASCOT_BASE_URL"] == "https://lips.example"


def test_a_server_of_yours_wants_real_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOT_BASE_URL", "https://lips.example")
    with pytest.raises(SystemExit, match=r"^OPENAI_API_KEY, GEMINI_API_KEY: set it, because MASCOT_BASE_URL"):
        with offline("openai", "gemini"):
            pass


@pytest.mark.parametrize(
    ("key", "other"),
    [("ELEVENLABS_API_KEY", "ELEVENLABS_AGENT_ID"), ("CARTESIA_API_KEY", "CARTESIA_VOICE_ID")],
)
def test_what_belongs_to_a_key_is_asked_for(key: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(key, "yours")
    monkeypatch.delenv(other, raising=False)
    with pytest.raises(SystemExit, match=f"^{other}: set it as well"):
        with offline(key.partition("_")[0].lower()):
            pass
