"""Settings: what is read, what is refused, and in which words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mascot_server import SettingsError, create_app, load_settings
from mascot_server.settings import EXAMPLE_SECRET

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MASCOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_are_the_real_services() -> None:
    settings = load_settings()
    assert settings.origin_of("elevenlabs") == "https://api.elevenlabs.io"
    assert settings.origin_of("openai") == "https://api.openai.com"
    assert settings.origin_of("gemini") == "https://generativelanguage.googleapis.com"
    assert settings.viseme_budget_ms == 40
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOT_API_KEYS", "one, two,sha256:" + "0" * 64)
    monkeypatch.setenv("MASCOT_SECRET", f"{SECRET},{SECRET[::-1]}")
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two", "sha256:" + "0" * 64]
    assert [secret.get_secret_value() for secret in settings.secret] == [SECRET, SECRET[::-1]]


def test_a_dotenv_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("MASCOT_HOST=0.0.0.0\nMASCOT_PORT=9000\nUNRELATED=1\n")
    monkeypatch.setenv("MASCOT_PORT", "9001")
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 9001)  # noqa: S104


@pytest.mark.parametrize("url", ["http://localhost:9100", "ws://localhost:9100", "ws://localhost:9100/"])
def test_websocket_and_http_origins_are_alike(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("MASCOT_OPENAI_URL", url)
    assert load_settings().origin_of("openai") == "http://localhost:9100"


@pytest.mark.parametrize("url", ["https://example.com/mascot", "wss://example.com/mascot/"])
def test_a_url_may_have_a_path(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("MASCOT_PUBLIC_URL", url)
    monkeypatch.setenv("MASCOT_OPENAI_URL", url)
    settings = load_settings()
    assert settings.public_url == settings.origin_of("openai") == "https://example.com/mascot"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("MASCOT_API_KEYS", "sha256:beef", "64 lower-case hex digits"),
        ("MASCOT_PUBLIC_URL", "https://example.com/path?query", "without query"),
        ("MASCOT_PUBLIC_URL", "https://example.com/path/../other", "without query, fragment or user"),
        ("MASCOT_PUBLIC_URL", "https://example.com:99999", "out of range"),
        ("MASCOT_GEMINI_URL", "no-scheme", "must be a URL such as"),
        ("MASCOT_PORT", "eighty", "integer"),
        ("MASCOT_VISEME_BUDGET_MS", "-1", "greater than or equal to 0"),
    ],
)
def test_a_bad_value_is_named_but_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=problem) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name}: ")
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["<your key>", "your_key", "YOUR-API-KEY", "your key", "key_\u2026", "mascot_key_...", "change-me"],
)
def test_a_placeholder_is_not_an_api_key(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MASCOT_API_KEYS", f"a-key-of-an-app,{value}")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        "MASCOT_API_KEYS: contains a placeholder from the documentation; generate a key with: openssl rand -hex 16"
    )


@pytest.mark.parametrize("value", ["youre-welcome", "a.b...c", "a<b>c", "mascot-dev", "f" * 32])
def test_other_api_keys_are_not_placeholders(value: str) -> None:
    (key,) = load_settings(api_keys=value).api_keys
    assert key.get_secret_value() == value


@pytest.mark.parametrize(
    ("secret", "keys", "problem"),
    [
        ("", "k", "MASCOT_SECRET: missing"),
        ("too-short", "k", "MASCOT_SECRET: must be at least 32 bytes"),
        (f"{SECRET},too-short", "k", "MASCOT_SECRET: must be at least 32 bytes"),
        (EXAMPLE_SECRET, "k", "MASCOT_SECRET: is the example"),
        ("<your secret of at least 32 random bytes>", "k", "MASCOT_SECRET: is the example"),
        (SECRET, "", "MASCOT_API_KEYS: missing"),
    ],
)
def test_an_app_is_not_made_without_what_keeps_it_safe(secret: str, keys: str, problem: str) -> None:
    settings = load_settings(secret=secret, api_keys=keys)
    with pytest.raises(SettingsError, match=f"^{problem}") as caught:
        create_app(settings)
    assert "too-short" not in str(caught.value)


def test_an_env_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MASCOT_PORT=9000\n", encoding="utf-8-sig")
    assert load_settings().port == 9000


def test_an_env_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MASCOT_PORT=9000\n", encoding="utf-16")
    with pytest.raises(SettingsError, match=r"^\.env: line 1 is not UTF-8 text; save .*\.env as UTF-8$"):
        load_settings()


@pytest.mark.skipif(os.name != "posix", reason="the environment is Unicode")
@pytest.mark.parametrize("name", ["MASCOT_SECRET", "MASCOT_API_KEYS"])
def test_bytes_that_are_no_text_are_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, os.fsdecode(b"\xff" * 40))
    with pytest.raises(SettingsError, match=f"^{name}: is not UTF-8 text$"):
        load_settings()


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings().check_safe()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "MASCOT_API_KEYS", "MASCOT_SECRET",
    ]  # fmt: skip


@pytest.mark.parametrize("place", [{"key_store": "keys.db"}, {"redis_url": "redis://localhost"}])
def test_a_place_where_keys_are_kept_will_do_for_keys(place: dict[str, str]) -> None:
    load_settings(secret=SECRET, **place).check_safe()


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOT_OPENAI_URL", "nowhere")
    monkeypatch.setenv("MASCOT_PORT", "eighty")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert {line.partition(":")[0] for line in str(caught.value).splitlines()} == {
        "MASCOT_OPENAI_URL",
        "MASCOT_PORT",
    }


def test_the_secrets_are_not_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOT_SECRET", SECRET)
    monkeypatch.setenv("MASCOT_API_KEYS", "a-key-of-an-app")
    assert SECRET not in repr(load_settings())
    assert "a-key-of-an-app" not in repr(load_settings())
