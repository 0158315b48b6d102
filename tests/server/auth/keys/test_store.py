"""Where keys are kept, SQLite and Redis alike."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mascot_server import load_settings
from mascot_server.auth.keys import KeyLimits, new_key
from mascot_server.auth.keys.sqlite import SqliteKeyStore
from mascot_server.auth.stores import open_key_store
from mascot_server.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from support.redis import RedisServer

    from mascot_server.auth.keys import KeyStore

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], KeyStore]:
    """Opens the store, as each process does for itself."""
    settings = (
        load_settings(key_store=tmp_path / "keys.db")
        if request.param == "sqlite"
        else load_settings(redis_url=request.getfixturevalue("redis_server").url, redis_timeout_seconds=10)
    )

    def opened() -> KeyStore:
        store = open_key_store(settings)
        assert store is not None
        return store

    return opened


@pytest.fixture
async def store(opened: Callable[[], KeyStore]) -> AsyncIterator[KeyStore]:
    store = opened()
    yield store
    await store.close()


async def test_what_was_added_is_there_in_the_next_process(
    store: KeyStore, opened: Callable[[], KeyStore]
) -> None:
    _, full = new_key(
        "the app of Zoë",
        limits=KeyLimits(requests_per_minute=60, sessions=5, minutes_per_day=120),
        providers=("openai", "gemini"),
        origins=("https://app.example.com",),
    )
    _, bare = new_key("app two")
    await store.add(full)
    await store.add(bare)
    other = opened()
    assert list(await other.all()) == [full, bare]
    await other.close()


async def test_an_empty_store_has_no_keys(store: KeyStore) -> None:
    assert list(await store.all()) == []
    assert not await store.revoke("key-0000000000")


async def test_a_revoked_key_stays_in_the_list(store: KeyStore) -> None:
    _, record = new_key("app")
    await store.add(record)
    assert await store.revoke(record.id)
    (kept,) = await store.all()
    assert kept.revoked is not None
    # Twice is no error and changes nothing.
    assert await store.revoke(record.id)
    assert list(await store.all()) == [kept]


async def test_the_version_changes_with_every_change_of_another_process(
    store: KeyStore, opened: Callable[[], KeyStore]
) -> None:
    _, record = new_key("app")
    other = opened()
    versions = [await store.version()]
    assert await store.version() == versions[0]
    await other.add(record)
    versions.append(await store.version())
    await other.revoke(record.id)
    versions.append(await store.version())
    await other.close()
    assert len(set(map(repr, versions))) == 3
    assert await store.version() == versions[-1]


def test_the_file_is_its_owners_and_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    key, record = new_key("app")
    asyncio.run(SqliteKeyStore(path).add(record))
    assert path.stat().st_mode & 0o077 == 0
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert record.id.encode() in kept
    assert key.encode() not in kept


async def test_redis_holds_no_key(redis_server: RedisServer) -> None:
    store = open_key_store(load_settings(redis_url=redis_server.url, redis_timeout_seconds=10))
    assert store is not None
    key, record = new_key("app")
    await store.add(record)
    kept = redis_server.command("HGETALL", "mascot:{keys}")
    assert record.id.encode() in kept
    assert key.encode() not in kept
    await store.close()


async def test_a_file_of_a_newer_server_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer mascot-server"):
        await SqliteKeyStore(path).all()


@pytest.mark.parametrize("content", [b"this is no database at all, but long enough to be read", None])
async def test_a_file_that_is_no_store_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "keys.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=r"key store .*keys\.db"):
        await SqliteKeyStore(path).all()


def test_many_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    program = f"""
import asyncio, pathlib
from mascot_server.auth.keys import new_key
from mascot_server.auth.keys.sqlite import SqliteKeyStore

async def main():
    store = SqliteKeyStore(pathlib.Path({str(path)!r}))
    for i in range(20):
        await store.add(new_key(f"app {{i}}")[1])
        await store.all()

asyncio.run(main())
"""
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert len(asyncio.run(SqliteKeyStore(path).all())) == 40
