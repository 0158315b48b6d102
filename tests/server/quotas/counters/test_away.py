"""Redis that is away: quick answers, none of them wrong, and back by itself."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest
from support.redis import run_redis

from mascot_server import SettingsError, load_settings
from mascot_server.auth.stores import open_counters
from mascot_server.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.redis import RedisServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """One that may be taken away."""
    with run_redis() as redis:
        yield redis


async def test_one_that_refuses_is_asked_once_a_second(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    counters = open_counters(load_settings(redis_url=redis.url))
    assert await counters.claim("a", seconds=60)
    redis.stop()
    started = time.monotonic()
    for _ in range(1000):
        with pytest.raises(StoreError, match="Redis is unavailable"):
            await counters.claim("b", seconds=60)
    assert time.monotonic() - started < 0.9
    redis.start()
    await asyncio.sleep(1.05)
    assert await counters.claim("a", seconds=60)
    assert await counters.take("a", per_minute=1) == 0
    await counters.close()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "Redis is unavailable",
        "Redis is available again",
    ]


async def test_one_that_does_not_answer_is_waited_for_once(redis: RedisServer) -> None:
    counters = open_counters(load_settings(redis_url=redis.url))
    assert await counters.lease("a", "one", limit=1, seconds=60)
    with redis.frozen():
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(StoreError):
                await counters.lease("a", "two", limit=1, seconds=60)
        assert time.monotonic() - started < 1.5
    await asyncio.sleep(1.05)
    assert not await counters.lease("a", "two", limit=1, seconds=60)
    await counters.close()


async def test_a_restart_that_nobody_noticed_fails_nothing(redis: RedisServer) -> None:
    counters = open_counters(load_settings(redis_url=redis.url))
    assert await counters.take("a", per_minute=1) == 0
    redis.stop()
    redis.start()
    # The connection is gone, and so are the scripts.
    assert await counters.take("a", per_minute=1) == 0
    await counters.close()


async def test_a_password_that_redis_refuses_is_not_shown(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    redis.command("CONFIG", "SET", "requirepass", "another")
    url = redis.url.replace("//", "//:very-private@")
    counters = open_counters(load_settings(redis_url=url))
    with pytest.raises(StoreError) as caught:
        await counters.claim("a", seconds=60)
    await counters.close()
    assert "Redis is unavailable: AuthenticationError" in caplog.text
    for text in (caplog.text, str(caught.value), repr(load_settings(redis_url=url))):
        assert "very-private" not in text


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://localhost:port"])
def test_a_url_that_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^MASCOT_REDIS_URL: ") as caught:
        open_counters(load_settings(redis_url=url))
    assert url not in str(caught.value)
