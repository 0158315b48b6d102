"""Redis that is there and answers with errors: they are about one entry, and no absence."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from support.redis import run_redis

from mascot_server import load_settings
from mascot_server.auth.keys import KeyLimits, new_key
from mascot_server.auth.stores import open_counters
from mascot_server.errors import StoreError, StoreRefused, TooManyRequests, Unavailable
from mascot_server.observability.metrics import Metrics
from mascot_server.quotas.limiter import Limiter

if TYPE_CHECKING:
    from support.redis import RedisServer

    from mascot_server.quotas.counters import Counters

pytestmark = pytest.mark.anyio


def ledger_of(redis: RedisServer) -> Counters:
    return open_counters(load_settings(redis_url=redis.url, redis_timeout_seconds=10))


async def test_an_entry_of_another_type_is_an_error_about_that_entry(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    counters = ledger_of(redis_server)
    for kind in ("rate", "lease", "usage"):
        redis_server.command("LPUSH", f"mascot:{kind}:damaged", "x")
    for _ in range(3):
        for question in (
            counters.take("damaged", per_minute=5),
            counters.lease("damaged", "a", limit=1, seconds=60),
            counters.renew("damaged", ["a"], seconds=60),
            counters.release("damaged", "a"),
            counters.spend("damaged", 1, keep=60),
        ):
            with pytest.raises(StoreRefused):
                await question
        # Everybody else is counted as before.
        assert await counters.claim(f"{_}", seconds=60)
    assert [await counters.take("other", per_minute=2) > 0 for _ in range(3)] == [False, False, True]
    await counters.close()
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert 1 <= len(lines) <= 2
    assert "Redis answered with an error about mascot:rate:damaged: " in lines[0]
    assert "WRONGTYPE" in lines[0]


@pytest.mark.parametrize("field", ["tokens nan", "tokens inf", "tokens x", "at nan", "at x"])
async def test_a_damaged_bucket_is_not_a_full_one(redis_server: RedisServer, field: str) -> None:
    counters = ledger_of(redis_server)
    assert await counters.take("a", per_minute=5) == 0
    redis_server.command("HSET", "mascot:rate:a", *field.split())
    with pytest.raises(StoreRefused):
        await counters.take("a", per_minute=5)
    await counters.close()


async def test_redis_that_takes_no_writes_is_there(caplog: pytest.LogCaptureFixture) -> None:
    with run_redis() as redis:
        counters = ledger_of(redis)
        assert await counters.take("a", per_minute=100) == 0
        redis.command("CONFIG", "SET", "maxmemory", "1")
        for _ in range(20):
            with pytest.raises(StoreRefused):
                await counters.take("a", per_minute=100)
        redis.command("CONFIG", "SET", "maxmemory", "0")
        # At once: nothing has to be found to be back.
        assert await counters.take("a", per_minute=100) == 0
        redis.command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreError):
            await counters.take("a", per_minute=100)
        redis.command("REPLICAOF", "NO", "ONE")
        assert await counters.take("a", per_minute=100) == 0
        await counters.close()
    assert "Redis is unavailable" not in caplog.text


@pytest.mark.parametrize("fail_open", [True, False])
async def test_limits_hold_while_redis_answers_errors(redis_server: RedisServer, *, fail_open: bool) -> None:
    limits = KeyLimits(requests_per_minute=5)
    damaged, other = new_key("damaged", limits=limits)[1], new_key("other", limits=limits)[1]
    redis_server.command("SET", f"mascot:rate:{damaged.id}", "x")
    limiter = Limiter(ledger_of(redis_server), fail_open=fail_open, metrics=Metrics())
    allowed = dict.fromkeys((damaged.id, other.id), 0)
    async with limiter:
        for _ in range(40):
            for key in (damaged, other):
                try:
                    await limiter.count_request(key)
                except (TooManyRequests, Unavailable):
                    await asyncio.sleep(0)
                else:
                    allowed[key.id] += 1
    assert allowed == {damaged.id: 5 if fail_open else 0, other.id: 5}
