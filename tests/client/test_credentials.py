"""The answers: what they accept, and that they hide the token."""

from __future__ import annotations

import dataclasses

import pytest

from mascot_client import ConfigurationError, GeminiCredentials, SignedUrl

from .fakes import TOKEN


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_signed_url_shows_its_address_alone(scheme: str) -> None:
    answer = SignedUrl(f"{scheme}://lips.example.com:8443/v1/conversation?token={TOKEN}")
    assert answer.url.endswith(TOKEN)
    assert repr(answer) == f"SignedUrl('{scheme}://lips.example.com:8443/v1/conversation?token=***')"
    assert str(answer) == repr(answer)


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"https://h/v1/conversation?token={TOKEN}",
        f"wss:///v1/conversation?token={TOKEN}",
        f"wss://user:{TOKEN}@h/v1/conversation?token={TOKEN}",
        f"wss://h:port/v1/conversation?token={TOKEN}",
        f"wss://h /v1?token={TOKEN}",
        f"wss://h/v1\r\n?token={TOKEN}",
        f"wss://[::1/v1?token={TOKEN}",
        "wss://h/v1/conversation",
        "wss://h/v1/conversation?token=",
    ],
)
def test_what_is_no_signed_url(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SignedUrl(url)
    assert caught.value.field == "SignedUrl.url"
    assert TOKEN not in str(caught.value)


def test_credentials_hide_the_key() -> None:
    answer = GeminiCredentials(f"mascot_ephemeral_{TOKEN}", "https://lips.example.com")
    assert repr(answer) == "GeminiCredentials(base_url='https://lips.example.com')"
    assert str(answer) == repr(answer)


@pytest.mark.parametrize(
    ("key", "base_url", "field"),
    [
        ("", "https://h", "GeminiCredentials.api_key"),
        (f"{TOKEN}\n", "https://h", "GeminiCredentials.api_key"),
        (f"{TOKEN}é", "https://h", "GeminiCredentials.api_key"),
        (TOKEN, "wss://h", "GeminiCredentials.base_url"),
        (TOKEN, "h", "GeminiCredentials.base_url"),
    ],
)
def test_what_are_no_credentials(key: str, base_url: str, field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        GeminiCredentials(key, base_url)
    assert caught.value.field == field
    assert TOKEN not in str(caught.value)


def test_answers_do_not_change() -> None:
    answer = SignedUrl(f"wss://h/v1/conversation?token={TOKEN}")
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.url = "wss://other"  # type: ignore[misc]
