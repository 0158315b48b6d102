"""What counters does, in memory and in Redis alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mascot_server import load_settings
from mascot_server.auth.stores import open_counters
from mascot_server.quotas.counters import MemoryCounters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mascot_server.quotas.counters import Counters

pytestmark = pytest.mark.anyio

LONG = 1000.0
SHORT = 0.15
AFTER_SHORT = 0.25


@pytest.fixture(params=["memory", "redis"])
async def counters(request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    if request.param == "memory":
        yield MemoryCounters()
        return
    opened = open_counters(
        load_settings(redis_url=request.getfixturevalue("redis_server").url, redis_timeout_seconds=10)
    )
    yield opened
    await opened.close()


async def test_a_name_can_be_claimed_once(counters: Counters) -> None:
    assert await counters.claim("a", seconds=LONG)
    assert not await counters.claim("a", seconds=LONG)
    assert await counters.claim("b", seconds=LONG)


async def test_a_claim_ends(counters: Counters) -> None:
    assert await counters.claim("a", seconds=SHORT)
    await asyncio.sleep(AFTER_SHORT)
    assert await counters.claim("a", seconds=LONG)


async def test_a_mark_is_remembered_until_it_ends(counters: Counters) -> None:
    assert not await counters.is_marked("a")
    await counters.mark("a", seconds=LONG)
    await counters.mark("b", seconds=SHORT)
    assert await counters.is_marked("a")
    assert await counters.is_marked("b")
    # Claims are names of their own.
    assert await counters.claim("a", seconds=LONG)
    await asyncio.sleep(AFTER_SHORT)
    assert await counters.is_marked("a")
    assert not await counters.is_marked("b")
    # It begins anew with each mark.
    await counters.mark("b", seconds=SHORT)
    assert await counters.is_marked("b")


async def test_a_bucket_holds_a_minutes_worth(counters: Counters) -> None:
    assert [await counters.take("a", per_minute=3) for _ in range(3)] == [0, 0, 0]
    waits = [await counters.take("a", per_minute=3) for _ in range(3)]
    # A third of a minute, less what has passed; asking again puts it off no further.
    assert all(15 < wait <= 20 for wait in waits)
    assert waits == sorted(waits, reverse=True)
    assert await counters.take("b", per_minute=3) == 0


async def test_a_bucket_fills_evenly(counters: Counters) -> None:
    while (wait := await counters.take("a", per_minute=600)) == 0:
        pass
    assert 0 < wait <= 0.1
    await asyncio.sleep(wait)
    assert await counters.take("a", per_minute=600) == 0


async def test_there_are_as_many_leases_as_places(counters: Counters) -> None:
    assert await counters.lease("a", "one", limit=2, seconds=LONG)
    assert await counters.lease("a", "two", limit=2, seconds=LONG)
    assert not await counters.lease("a", "three", limit=2, seconds=LONG)
    assert await counters.lease("b", "three", limit=2, seconds=LONG)
    # Who has a place keeps it.
    assert await counters.lease("a", "two", limit=2, seconds=LONG)
    await counters.release("a", "one")
    assert await counters.lease("a", "three", limit=2, seconds=LONG)
    assert not await counters.lease("a", "one", limit=2, seconds=LONG)


async def test_a_lease_ends_unless_it_is_renewed(counters: Counters) -> None:
    assert await counters.lease("a", "one", limit=2, seconds=SHORT)
    assert await counters.lease("a", "two", limit=2, seconds=SHORT)
    await counters.renew("a", ["two"], seconds=LONG)
    await asyncio.sleep(AFTER_SHORT)
    assert await counters.lease("a", "three", limit=2, seconds=LONG)
    assert not await counters.lease("a", "four", limit=2, seconds=LONG)


async def test_renewing_brings_back_a_lost_lease(counters: Counters) -> None:
    await counters.renew("a", ["one", "two"], seconds=LONG)
    assert not await counters.lease("a", "three", limit=2, seconds=LONG)


async def test_releasing_what_nobody_holds_is_nothing(counters: Counters) -> None:
    await counters.release("a", "one")
    assert await counters.lease("a", "one", limit=1, seconds=LONG)
    await counters.release("a", "two")
    assert not await counters.lease("a", "two", limit=1, seconds=LONG)


async def test_an_account_adds_up(counters: Counters) -> None:
    assert await counters.spend("a", 0, keep=LONG) == 0
    assert await counters.spend("a", 1.5, keep=LONG) == 1.5
    assert await counters.spend("a", 0.25, keep=LONG) == 1.75
    assert await counters.spend("a", 0, keep=LONG) == 1.75
    assert await counters.spend("b", 0, keep=LONG) == 0


async def test_an_account_is_forgotten(counters: Counters) -> None:
    await counters.spend("a", 1.5, keep=SHORT)
    await asyncio.sleep(AFTER_SHORT)
    assert await counters.spend("a", 0, keep=LONG) == 0


async def test_kinds_of_entries_do_not_meet(counters: Counters) -> None:
    assert await counters.claim("a", seconds=LONG)
    assert await counters.take("a", per_minute=1) == 0
    assert await counters.lease("a", "a", limit=1, seconds=LONG)
    assert await counters.spend("a", 1, keep=LONG) == 1


async def test_of_many_at_once_as_many_as_may_get_through(counters: Counters) -> None:
    claims = await asyncio.gather(*(counters.claim("a", seconds=LONG) for _ in range(50)))
    assert sum(claims) == 1
    waits = await asyncio.gather(*(counters.take("a", per_minute=10) for _ in range(50)))
    assert waits.count(0) == 10
    leases = await asyncio.gather(*(counters.lease("a", str(i), limit=7, seconds=LONG) for i in range(50)))
    assert sum(leases) == 7
    await asyncio.gather(*(counters.spend("a", 0.1, keep=LONG) for _ in range(50)))
    assert await counters.spend("a", 0, keep=LONG) == 5
