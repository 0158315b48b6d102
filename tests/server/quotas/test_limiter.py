"""Limits of a key: requests, sessions at once, minutes a day."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from support.redis import run_redis

from mascot_server import load_settings
from mascot_server.auth.keys import KeyLimits, new_key
from mascot_server.auth.stores import open_counters
from mascot_server.errors import TooManyRequests, Unavailable
from mascot_server.observability.metrics import Metrics
from mascot_server.quotas.counters import MemoryCounters
from mascot_server.quotas.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.redis import RedisServer

    from mascot_server.auth.keys import KeyRecord
    from mascot_server.quotas.counters import Counters

pytestmark = pytest.mark.anyio

NOON = 1_800_000_000 - 1_800_000_000 % 86400 + 43200.0
TICK = 0.01


@dataclass
class Node:
    """A process's limiter, its clock, and how its sessions were stopped."""

    limiter: Limiter
    metrics: Metrics
    now: float = NOON
    stopped: list[tuple[int, str]] = field(default_factory=list)

    def stop(self, code: int, reason: str) -> None:
        self.stopped.append((code, reason))


def node_of(counters: Counters, *, fail_open: bool = True) -> Node:
    metrics = Metrics()

    def clock() -> float:
        return made.now

    limiter = Limiter(counters, fail_open=fail_open, metrics=metrics, tick_seconds=TICK, clock=clock)
    made = Node(limiter, metrics)
    return made


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    node = node_of(MemoryCounters())
    async with node.limiter:
        yield node


def key_with(**limits: int) -> KeyRecord:
    return new_key("app", limits=KeyLimits(**limits))[1]


async def test_requests_above_the_limit_are_refused_until_there_is_room(node: Node) -> None:
    key = key_with(requests_per_minute=2)
    for _ in range(2):
        await node.limiter.count_request(key)
    with pytest.raises(TooManyRequests, match="at most 2 requests a minute") as caught:
        await node.limiter.count_request(key)
    assert caught.value.headers == {"Retry-After": "30"}
    assert node.metrics.limit_refusals["requests",] == 1
    # Another key's are its own.
    await node.limiter.count_request(key_with(requests_per_minute=1))


async def test_sessions_above_the_limit_are_refused_until_one_ends(node: Node) -> None:
    key = key_with(sessions=2)
    async with AsyncExitStack() as running:
        for _ in range(2):
            await running.enter_async_context(node.limiter.session(key, node.stop))
        with pytest.raises(TooManyRequests, match="at most 2 sessions at once") as caught:
            await running.enter_async_context(node.limiter.session(key, node.stop))
        assert caught.value.retry_after == 5
        assert node.metrics.limit_refusals["sessions",] == 1
    async with node.limiter.session(key, node.stop):
        pass
    assert node.stopped == []


async def test_a_day_that_is_used_up_ends_all_sessions_of_the_key(node: Node) -> None:
    key, other = key_with(minutes_per_day=10), key_with(minutes_per_day=1000)
    async with (
        node.limiter.session(key, node.stop),
        node.limiter.session(key, node.stop),
        node.limiter.session(other, node.stop),
    ):
        # Two sessions of four and a half minutes each: not yet.
        node.now += 270
        await asyncio.sleep(5 * TICK)
        assert node.stopped == []
        node.now += 30
        await asyncio.sleep(5 * TICK)
        assert set(node.stopped) == {(1008, "at most 10 minutes of conversation a day")}
    for refused in (node.limiter.check_day(key), enter(node, key)):
        with pytest.raises(TooManyRequests, match="at most 10 minutes of conversation a day") as caught:
            await refused
        # Until midnight, UTC.
        assert caught.value.retry_after == 43200 - 300
    await node.limiter.check_day(other)


async def test_the_next_day_begins_at_midnight(node: Node) -> None:
    key = key_with(minutes_per_day=1)
    async with node.limiter.session(key, node.stop):
        node.now += 61
    with pytest.raises(TooManyRequests):
        await enter(node, key)
    node.now += 43200
    await enter(node, key)


async def test_time_is_counted_also_where_a_session_ends_between_two_looks() -> None:
    counters = MemoryCounters()
    key = key_with(minutes_per_day=1)
    # Never looked after: what counts is counted at the end.
    node = node_of(counters)
    async with node.limiter.session(key, node.stop):
        node.now += 60
    with pytest.raises(TooManyRequests):
        await node.limiter.check_day(key)


async def enter(node: Node, key: KeyRecord) -> None:
    async with node.limiter.session(key, node.stop):
        pass


class TestManyProcesses:
    @pytest.fixture
    def url(self, redis_server: RedisServer) -> str:
        return redis_server.url

    async def test_limits_hold_across_all(self, url: str) -> None:
        key = key_with(requests_per_minute=2, sessions=1, minutes_per_day=10)
        one, two = (
            node_of(open_counters(load_settings(redis_url=url, redis_timeout_seconds=10))) for _ in range(2)
        )
        async with one.limiter, two.limiter:
            await one.limiter.count_request(key)
            await two.limiter.count_request(key)
            with pytest.raises(TooManyRequests, match="requests"):
                await one.limiter.count_request(key)
            async with one.limiter.session(key, one.stop):
                with pytest.raises(TooManyRequests, match="sessions"):
                    await enter(two, key)
                one.now += 600
                await asyncio.sleep(0.1)
                assert one.stopped
            with pytest.raises(TooManyRequests, match="minutes"):
                await enter(two, key)

    async def test_what_a_dead_process_held_is_free_again(self, url: str) -> None:
        key = key_with(sessions=1)
        settings = load_settings(redis_url=url, redis_timeout_seconds=10)
        # Not entered, so nothing renews what it holds.
        dead = Limiter(open_counters(settings), fail_open=True, metrics=Metrics(), lease_seconds=0.4)
        alive = Limiter(open_counters(settings), fail_open=True, metrics=Metrics(), lease_seconds=0.4)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(dead.session(key, lambda *_: None))
            await stack.enter_async_context(alive)
            with pytest.raises(TooManyRequests):
                await stack.enter_async_context(alive.session(key, lambda *_: None))
            await asyncio.sleep(0.5)
            await stack.enter_async_context(alive.session(key, lambda *_: None))
            # Renewed, it outlasts its lease.
            await asyncio.sleep(0.8)
            with pytest.raises(TooManyRequests):
                await stack.enter_async_context(alive.session(key, lambda *_: None))
            await stack.pop_all().aclose()
        async with dead:
            pass


class TestRedisAway:
    async def test_open_counts_in_this_process_and_counts_the_failures(self) -> None:
        with run_redis() as redis:
            node = node_of(open_counters(load_settings(redis_url=redis.url, redis_timeout_seconds=10)))
            key = key_with(requests_per_minute=2, sessions=2, minutes_per_day=1)
            async with node.limiter, node.limiter.session(key, node.stop):
                redis.stop()
                for _ in range(2):
                    await node.limiter.count_request(key)
                    await node.limiter.check_day(key)
                with pytest.raises(TooManyRequests, match="requests"):
                    await node.limiter.count_request(key)
                assert await node.limiter.claim("token", seconds=60)
                assert not await node.limiter.claim("token", seconds=60)
                # The one that began while it was there counts, too.
                async with node.limiter.session(key, node.stop):
                    with pytest.raises(TooManyRequests, match="sessions"):
                        await enter(node, key)
                    await asyncio.sleep(3 * TICK)
                await enter(node, key)
            assert node.metrics.ledger_failures[()] > 12
            assert node.stopped == []

    async def test_closed_lets_nobody_in_who_has_limits(self) -> None:
        with run_redis() as redis:
            node = node_of(
                open_counters(load_settings(redis_url=redis.url, redis_timeout_seconds=10)), fail_open=False
            )
            redis.stop()
            limited, free = key_with(requests_per_minute=1, sessions=1, minutes_per_day=1), key_with()
            async with node.limiter:
                for refused in (
                    node.limiter.count_request(limited),
                    node.limiter.check_day(limited),
                    node.limiter.claim("token", seconds=60),
                    enter(node, limited),
                ):
                    with pytest.raises(Unavailable) as caught:
                        await refused
                    assert caught.value.headers == {"Retry-After": "2"}
                # Who has none is not even asked about.
                failures = node.metrics.ledger_failures[()]
                await node.limiter.count_request(free)
                await node.limiter.check_day(free)
                async with node.limiter.session(free, node.stop):
                    await asyncio.sleep(3 * TICK)
                assert node.metrics.ledger_failures[()] == failures

    async def test_running_sessions_go_on_and_are_counted_once_it_is_back(self) -> None:
        with run_redis() as redis:
            node = node_of(
                open_counters(load_settings(redis_url=redis.url, redis_timeout_seconds=10)), fail_open=False
            )
            key = key_with(sessions=1, minutes_per_day=10)
            async with node.limiter:
                async with node.limiter.session(key, node.stop):
                    redis.stop()
                    node.now += 540
                    await asyncio.sleep(5 * TICK)
                    assert node.stopped == []
                    redis.start()
                    # The breaker asks again after a second.
                    await asyncio.sleep(1.1)
                    with pytest.raises(TooManyRequests, match="sessions"):
                        await enter(node, key)
                    node.now += 60
                    await asyncio.sleep(5 * TICK)
                    assert node.stopped
