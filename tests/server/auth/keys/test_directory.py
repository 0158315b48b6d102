"""How quickly a running server learns of keys, and what it costs to ask."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING

import pytest
from support.redis import run_redis

from mascot_server import load_settings
from mascot_server.auth.keys import MAX_AGE_SECONDS, KeyDirectory, StaticKeys, new_key
from mascot_server.auth.keys.sqlite import SqliteKeyStore
from mascot_server.auth.stores import open_key_store
from mascot_server.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


async def test_keys_of_the_settings_need_no_store() -> None:
    hashed = f"sha256:{hashlib.sha256(b'two').hexdigest()}"
    async with KeyDirectory(StaticKeys(["one", hashed])) as directory:
        one, two = await directory.by_key("one"), await directory.by_key("two")
        assert one is not None
        assert two is not None
        assert one.limits.sessions is None
        assert await directory.by_id(one.id) == one
        assert await directory.by_id(two.id) == two
        for unknown in ("", "three", hashed):
            assert await directory.by_key(unknown) is None
        assert await directory.by_id("env-000000") is None


async def test_a_new_key_is_good_at_once_and_a_revoked_one_for_two_seconds_more(path: Path) -> None:
    clock = Clock()
    writer = SqliteKeyStore(path)
    key, record = new_key("app")
    async with KeyDirectory(StaticKeys(["static"]), SqliteKeyStore(path), clock=clock) as directory:
        assert await directory.by_key(key) is None
        await writer.add(record)
        clock.now += 0.3
        assert await directory.by_key(key) == record
        assert await directory.by_id(record.id) == record
        await writer.revoke(record.id)
        clock.now += MAX_AGE_SECONDS - 0.1
        assert await directory.by_key(key) == record
        clock.now += 0.2
        assert await directory.by_key(key) is None
        assert await directory.by_id(record.id) is None
        assert await directory.by_key("static") is not None
    await writer.close()


async def test_a_check_costs_microseconds_also_of_made_up_keys(path: Path) -> None:
    writer = SqliteKeyStore(path)
    key, record = new_key("app")
    await writer.add(record)
    await writer.close()
    async with KeyDirectory(StaticKeys([]), SqliteKeyStore(path)) as directory:
        assert await directory.by_key(key) is not None
        started = time.perf_counter()
        for i in range(5000):
            assert await directory.by_key(key) is not None
            assert await directory.by_key(f"made up {i}") is None
        # Measured: about 5 us a pair.
        assert time.perf_counter() - started < 1


async def test_a_file_that_cannot_be_read_lets_nobody_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # A folder, not a file.
    async with KeyDirectory(StaticKeys(["static"]), SqliteKeyStore(tmp_path)) as directory:
        assert await directory.by_key("static") is not None
        with caplog.at_level(logging.WARNING), pytest.raises(StoreError):
            await directory.by_key("mascot_key_x")
    assert str(tmp_path) in caplog.text
    assert "mascot_key_x" not in caplog.text


class TestRedisAway:
    @pytest.fixture
    def redis_url(self) -> Iterator[str]:
        with run_redis() as redis:
            self.redis = redis
            yield redis.url

    @pytest.mark.parametrize("keep_stale", [True, False])
    async def test_keys_that_were_known_stay_good_or_not(self, redis_url: str, *, keep_stale: bool) -> None:
        clock = Clock()
        store = open_key_store(load_settings(redis_url=redis_url))
        assert store is not None
        key, record = new_key("app")
        await store.add(record)
        async with KeyDirectory(StaticKeys([]), store, keep_stale=keep_stale, clock=clock) as directory:
            assert await directory.by_key(key) == record
            self.redis.stop()
            clock.now += MAX_AGE_SECONDS + 0.1
            if keep_stale:
                assert await directory.by_key(key) == record
                assert await directory.by_key("another") is None
            else:
                with pytest.raises(StoreError):
                    await directory.by_key(key)

    async def test_keys_that_were_never_read_let_nobody_in(self, redis_url: str) -> None:
        self.redis.stop()
        store = open_key_store(load_settings(redis_url=redis_url))
        async with KeyDirectory(StaticKeys([]), store, keep_stale=True) as directory:
            with pytest.raises(StoreError):
                await directory.by_key("any")
