"""Asking again, and what the environment holds: against injected transports, without waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from mascot_client import (
    APIStatusError,
    AsyncMascotClient,
    BadRequestError,
    ConfigurationError,
    ElevenLabsConfig,
    MascotClient,
    RateLimitError,
    SignedUrl,
    UnavailableError,
)

from .fakes import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "mascot_key_never_to_be_seen"
CONFIG = ElevenLabsConfig(api_key="provider_key_never_to_be_seen", agent_id="agent_1")
URL = f"wss://lips.example.com/v1/conversation?token={TOKEN}"


def done() -> httpx.Response:
    return httpx.Response(200, json={"signed_url": URL})


def refusal(status: int, retry_after: str | None = None) -> httpx.Response:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return httpx.Response(status, json={"error": "Not now"}, headers=headers)


def answering(*answers: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    left = iter(answers)
    return lambda _request: next(left)


def ask(*answers: httpx.Response, max_retries: int = 2) -> tuple[SignedUrl | APIStatusError, list[float]]:
    """What comes of these answers, one after the other, and the pauses between them."""
    pauses: list[float] = []
    with httpx.Client(transport=httpx.MockTransport(answering(*answers))) as http_client:
        client = MascotClient(
            api_key=KEY,
            base_url="http://h",
            http_client=http_client,
            max_retries=max_retries,
            sleep=pauses.append,
        )
        try:
            return client.get_signed_url(CONFIG), pauses
        except APIStatusError as error:
            return error, pauses


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_passing_refusal_is_asked_again(status: int) -> None:
    answer, pauses = ask(refusal(status), refusal(status), done())
    assert answer == SignedUrl(URL)
    first, second = pauses
    assert 0.25 <= first <= 0.5
    assert 0.5 <= second <= 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 500, 504])
def test_any_other_refusal_is_final(status: int) -> None:
    error, pauses = ask(refusal(status))
    assert isinstance(error, APIStatusError)
    assert (error.status_code, error.text, pauses) == (status, "Not now", [])


def test_the_last_refusal_is_raised_with_what_the_server_asks_for() -> None:
    error, pauses = ask(refusal(503), refusal(429, "7"), max_retries=1)
    assert isinstance(error, RateLimitError)
    assert error.retry_after_s == 7
    assert len(pauses) == 1


def test_pauses_grow_up_to_a_limit() -> None:
    error, pauses = ask(*[refusal(503)] * 9, max_retries=8)
    assert isinstance(error, UnavailableError)
    assert len(pauses) == 8
    assert all(4 <= pause <= 8 for pause in pauses[4:])


def test_retry_after_in_seconds_is_waited_for() -> None:
    _, [pause] = ask(refusal(429, "3"), done())
    assert 3 <= pause <= 3.25


def test_retry_after_as_a_date_is_waited_for() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    _, [pause] = ask(refusal(503, date), done())
    assert 17 <= pause <= 20.25


def test_a_date_of_the_past_is_now() -> None:
    _, [pause] = ask(refusal(503, "Wed, 21 Oct 2015 07:28:00 GMT"), done())
    assert 0 <= pause <= 0.25


@pytest.mark.parametrize("value", ["soon", "", "nan", "inf", "Wed, 99 Oct"])
def test_an_unreadable_retry_after_is_none(value: str) -> None:
    _, [pause] = ask(refusal(503, value), done())
    assert 0.25 <= pause <= 0.5


def test_a_pause_of_more_than_a_minute_is_left_to_the_caller() -> None:
    error, pauses = ask(refusal(429, "61"))
    assert isinstance(error, RateLimitError)
    assert (error.retry_after_s, pauses) == (61, [])


@pytest.mark.anyio
async def test_the_same_on_asyncio() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    transport = httpx.MockTransport(answering(refusal(503, "1"), refusal(502), done(), refusal(400)))
    async with httpx.AsyncClient(transport=transport) as http_client:
        client = AsyncMascotClient(api_key=KEY, base_url="http://h", http_client=http_client, sleep=sleep)
        assert await client.get_signed_url(CONFIG) == SignedUrl(URL)
        with pytest.raises(BadRequestError):
            await client.get_signed_url(CONFIG)
    assert len(pauses) == 2
    assert 1 <= pauses[0] <= 1.25


@pytest.mark.parametrize("kind", [MascotClient, AsyncMascotClient])
def test_key_and_server_come_from_the_environment(
    kind: type[MascotClient | AsyncMascotClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASCOT_API_KEY", KEY)
    monkeypatch.setenv("MASCOT_BASE_URL", "https://lips.example.com/")
    client = kind()
    assert client.base_url == "https://lips.example.com"
    assert KEY not in repr(client)
    assert kind(base_url="http://other").base_url == "http://other"


def test_the_key_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOT_API_KEY", f" {KEY}\n")
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["authorization"])
        return done()

    with httpx.Client(transport=httpx.MockTransport(answer)) as http_client:
        MascotClient(base_url="http://h", http_client=http_client).get_signed_url(CONFIG)
    assert asked == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("given", "field", "variable"),
    [
        ({"base_url": "http://h"}, "api_key", "MASCOT_API_KEY"),
        ({"api_key": KEY}, "base_url", "MASCOT_BASE_URL"),
    ],
)
def test_what_is_in_neither_place_is_named(
    given: dict[str, str], field: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigurationError, match=variable) as caught:
        MascotClient(**given)  # type: ignore[arg-type]  # only these two
    assert caught.value.field == field


def test_a_negative_number_of_retries_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="max_retries"):
        MascotClient(api_key=KEY, base_url="http://h", max_retries=-1)
