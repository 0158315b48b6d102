"""Settings of the playground: what is read, what is refused, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mascot_server import SettingsError, load_settings
from mascot_server.playground import DemoSettings, load_demo_settings
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = "0.0.0.0"  # noqa: S104
KEY = "lanterns-at-low-tide"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_is_needed() -> None:
    settings = load_demo_settings()
    assert not any(getattr(settings, name) for name in DemoSettings.model_fields)
    settings.check(load_settings())


def test_environment_and_dotenv_are_read_and_what_is_empty_is_not_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"MASCOT_DEMO_GEMINI_API_KEY={KEY}\nMASCOT_PORT=1\nUNRELATED=1\n")
    monkeypatch.setenv("MASCOT_DEMO_OPENAI_API_KEY", KEY[::-1])
    monkeypatch.setenv("MASCOT_DEMO_PASSWORD", "")
    settings = load_demo_settings()
    assert settings.values_of(PROVIDERS["gemini"]) == {"api_key": KEY}
    assert settings.values_of(PROVIDERS["openai"]) == {"api_key": KEY[::-1]}
    assert settings.values_of(PROVIDERS["elevenlabs"]) is None
    assert settings.password is None
    assert KEY not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("openai_api_key", "sk with blanks"),
        ("gemini_api_key", "AIza\n"),
        ("elevenlabs_api_key", "sk_\u00e4"),
        ("elevenlabs_agent_id", "agent?x=1"),
        ("password", "p\u00e4ssword-of-tides"),
        ("password", "low-tide-11"),
    ],
)
def test_what_fits_in_no_header_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MASCOT_DEMO_{name.upper()}", value)
    with pytest.raises(SettingsError, match=f"^MASCOT_DEMO_{name.upper()}: must (be|have) ") as refused:
        load_demo_settings()
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("openai_api_key", "sk-\u2026"),
        ("gemini_api_key", "your_gemini_key"),
        ("elevenlabs_agent_id", "agent_your_agent"),
        ("password", "<your password>"),
    ],
)
def test_a_placeholder_of_the_documentation_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MASCOT_DEMO_{name.upper()}", value)
    expected = f"^MASCOT_DEMO_{name.upper()}: is a placeholder from the documentation; set your own value"
    with pytest.raises(SettingsError, match=expected):
        load_demo_settings()


@pytest.mark.parametrize(("present", "missing"), [("api_key", "AGENT_ID"), ("agent_id", "API_KEY")])
def test_elevenlabs_takes_key_and_agent(present: str, missing: str) -> None:
    settings = DemoSettings.model_validate({f"elevenlabs_{present}": KEY})
    with pytest.raises(SettingsError, match=f"^MASCOT_DEMO_ELEVENLABS_{missing}: missing") as refused:
        settings.check(load_settings())
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_on_loopback_it_takes_no_password(host: str) -> None:
    DemoSettings().check(load_settings(host=host))


@pytest.mark.parametrize(
    "host", [EVERYWHERE, "::", "192.168.1.7", "face.example.com", "localhost.example.com"]
)
def test_beyond_loopback_it_takes_one(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^MASCOT_DEMO_PASSWORD: missing"):
        DemoSettings().check(load_settings(host=host))
    DemoSettings.model_validate({"password": KEY}).check(load_settings(host=host))
