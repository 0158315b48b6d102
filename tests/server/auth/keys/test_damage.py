"""Damaged records, replaced files: what they do to their own key, and to no other."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mascot_server import SettingsError, load_settings
from mascot_server.auth.keys import KeyDirectory, KeyLimits, KeyStore, StaticKeys, new_key
from mascot_server.auth.keys.sqlite import SqliteKeyStore
from mascot_server.auth.keys.stored import DamagedRecordError, read_record
from mascot_server.auth.stores import open_key_store
from mascot_server.cli import main
from mascot_server.errors import StoreError, StoreRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.redis import RedisServer

pytestmark = pytest.mark.anyio

GOOD: dict[str, Any] = {
    "id": "key-1",
    "name": "app",
    "digest": bytes(32),
    "created": "2026-01-01T00:00:00+00:00",
    "requests_per_minute": 5,
    "sessions": None,
    "minutes_per_day": None,
    "providers": [],
    "origins": ["https://app.example.com"],
    "revoked": None,
}


def test_a_record_as_it_was_stored_is_read() -> None:
    record = read_record(GOOD)
    assert (record.id, record.limits, record.origins) == (
        "key-1",
        KeyLimits(requests_per_minute=5),
        ("https://app.example.com",),
    )
    assert read_record(GOOD | {"revoked": "2026-01-02T00:00:00+00:00"}).revoked is not None


DAMAGED: list[tuple[str, Any]] = [
    *((name, value) for name in ("id", "name", "created") for value in (None, 7, b"x")),
    ("id", "a key\n"),
    ("created", "yesterday"),
    ("created", "2026-01-01T00:00:00"),
    ("digest", bytes(31)),
    ("digest", "0" * 32),
    *(
        (name, value)
        for name in ("requests_per_minute", "sessions", "minutes_per_day")
        for value in ("", "5", 0, -1, 1.5, True, 2**60, float("inf"))
    ),
    *(
        (name, value)
        for name in ("providers", "origins")
        for value in (None, dict[str, str](), "openai", [1])
    ),
    # Must not be taken for one that is not revoked.
    *(("revoked", revoked) for revoked in (0, "", False, "no", "2026-01-01T00:00:00")),
]


@pytest.mark.parametrize(("field", "value"), DAMAGED)
def test_what_was_never_stored_is_damage_and_not_a_default(field: str, value: object) -> None:
    with pytest.raises(DamagedRecordError, match=field):
        read_record(GOOD | {field: value})
    with pytest.raises(DamagedRecordError, match=field):
        read_record({name: kept for name, kept in GOOD.items() if name != field})


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture(params=["sqlite", "redis"])
def spoilt(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Callable[[], KeyStore], Any]:
    """Opens a store, and spoils a field of a record in it."""
    if request.param == "sqlite":
        path = tmp_path / "keys.db"

        def spoil(key_id: str, field: str, value: object) -> None:
            with closing(sqlite3.connect(path)) as db, db:
                db.execute(f"UPDATE keys SET {field} = ? WHERE id = ?", (value, key_id))  # noqa: S608

        return lambda: SqliteKeyStore(path), spoil
    redis_server: RedisServer = request.getfixturevalue("redis_server")
    settings = load_settings(redis_url=redis_server.url, redis_timeout_seconds=10)

    def opened() -> KeyStore:
        store = open_key_store(settings)
        assert store is not None
        return store

    def spoil_redis(key_id: str, field: str, value: object) -> None:
        record = {**GOOD, "digest": "ab" * 32, "id": key_id, field: value}
        redis_server.command("HSET", "mascot:{keys}", key_id, json.dumps(record, separators=(",", ":")))
        redis_server.command("SET", "mascot:{keys}:version", "spoilt")

    return opened, spoil_redis


@pytest.mark.parametrize(
    ("field", "value"), [("created", "never"), ("sessions", "many"), ("providers", "{}"), ("revoked", 0)]
)
async def test_a_damaged_record_costs_its_own_key_only(
    spoilt: Any, field: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    opened, spoil = spoilt
    store = opened()
    (key, record), (other_key, other) = new_key("app"), new_key("other", limits=KeyLimits(sessions=3))
    await store.add(record)
    await store.add(other)
    clock = [1000.0]
    async with KeyDirectory(StaticKeys([]), store, clock=lambda: clock[0]) as directory:
        assert await directory.by_key(key) == record
        spoil(record.id, field, value)
        for _ in range(3):
            clock[0] += 5
            assert await directory.by_key(key) is None
            assert await directory.by_id(record.id) is None
            assert await directory.by_key(other_key) == other
        lines = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
        assert len(lines) == 1
        assert record.id in lines[0]
        assert "mascot-server keys revoke" in lines[0]
        # Which removes it.
        assert await store.revoke(record.id)
        assert [kept.id for kept in await store.all()] == [other.id]
        assert store.damaged == ()


async def test_text_that_is_no_utf_8_costs_its_own_key_only(tmp_path: Path) -> None:
    store = SqliteKeyStore(tmp_path / "keys.db")
    records = [new_key("app")[1] for _ in range(2)]
    for record in records:
        await store.add(record)
    with closing(sqlite3.connect(tmp_path / "keys.db")) as db, db:
        db.execute("UPDATE keys SET created = CAST(x'ff00fe' AS TEXT) WHERE id = ?", (records[0].id,))
    assert [record.id for record in await store.all()] == [records[1].id]
    await store.close()


async def test_a_replaced_file_is_the_one_that_counts(tmp_path: Path) -> None:
    path, other_path = tmp_path / "keys.db", tmp_path / "other.db"
    (old_key, old), (new, record) = new_key("old"), new_key("new")
    for place, kept in ((path, old), (other_path, record)):
        writer = SqliteKeyStore(place)
        await writer.add(kept)
        await writer.close()
    clock = [1000.0]
    async with KeyDirectory(StaticKeys([]), SqliteKeyStore(path), clock=lambda: clock[0]) as directory:
        assert await directory.by_key(old_key) == old
        other_path.replace(path)
        clock[0] += 2.1
        assert await directory.by_key(old_key) is None
        assert await directory.by_key(new) == record
        # Written over in its place, too, and with keys that are revoked in the new one.
        copy = SqliteKeyStore(other_path)
        await copy.add(record)
        await copy.revoke(record.id)
        await copy.close()
        path.write_bytes(other_path.read_bytes())
        clock[0] += 2.1
        assert await directory.by_key(new) is None
    assert names(tmp_path) == ["keys.db", "other.db"]


async def test_a_deleted_file_lets_nobody_in_and_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    key, record = new_key("app")
    store = SqliteKeyStore(path)
    await store.add(record)
    clock = [1000.0]
    async with KeyDirectory(StaticKeys(["static"]), store, clock=lambda: clock[0]) as directory:
        assert await directory.by_key(key) == record
        kept = path.read_bytes()
        path.unlink()
        clock[0] += 2.1
        for _ in range(2):
            with pytest.raises(StoreError, match=r"keys\.db: it is gone; put it back"):
                await directory.by_key(key)
        assert await directory.by_key("static") is not None
        assert not path.exists()
        path.write_bytes(kept)
        assert await directory.by_key(key) == record


async def test_a_file_with_a_write_ahead_log_gives_it_up(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    store = SqliteKeyStore(path)
    _, record = new_key("app")
    await store.add(record)
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
    assert list(await store.all()) == [record]
    await store.add(new_key("another")[1])
    assert names(tmp_path) == ["keys.db"]
    await store.close()


@pytest.mark.parametrize("content", [b"this is no database at all, but long enough to be read", None])
def test_a_store_that_cannot_be_opened_is_a_wrong_setting(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "keys.db"
    if content is not None:
        path.write_bytes(content)
    else:
        path = path / "in" / "no" / "folder"
    with pytest.raises(SettingsError, match=rf"^MASCOT_KEY_STORE: key store {path}: "):
        open_key_store(load_settings(key_store=path))


def test_keys_list_names_damaged_records(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    _, record = new_key("app")
    asyncio.run(SqliteKeyStore(path).add(record))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE keys SET sessions = 'many'")
    ran = CliRunner().invoke(main, ["keys", "list"], env={"MASCOT_KEY_STORE": str(path)})
    assert (
        f"the record of key '{record.id}' is damaged (sessions is not a whole number of at least 1)"
        in ran.stderr
    )


class TestRedisAnswersErrors:
    async def test_a_version_of_another_type_costs_nothing(self, redis_server: RedisServer) -> None:
        store = open_key_store(load_settings(redis_url=redis_server.url, redis_timeout_seconds=10))
        assert store is not None
        key, record = new_key("app")
        await store.add(record)
        redis_server.command("DEL", "mascot:{keys}:version")
        redis_server.command("LPUSH", "mascot:{keys}:version", "x")
        clock = [1000.0]
        async with KeyDirectory(StaticKeys([]), store, clock=lambda: clock[0]) as directory:
            assert await directory.by_key(key) == record
            await store.revoke(record.id)
            clock[0] += 2.1
            assert await directory.by_key(key) is None

    async def test_keys_that_cannot_be_read_are_not_those_of_before(self, redis_server: RedisServer) -> None:
        store = open_key_store(load_settings(redis_url=redis_server.url, redis_timeout_seconds=10))
        assert store is not None
        key, record = new_key("app")
        await store.add(record)
        clock = [1000.0]
        async with KeyDirectory(StaticKeys([]), store, keep_stale=True, clock=lambda: clock[0]) as directory:
            assert await directory.by_key(key) == record
            redis_server.command("SET", "mascot:{keys}", "damaged")
            redis_server.command("SET", "mascot:{keys}:version", "another")
            clock[0] += 2.1
            with pytest.raises(StoreRefused):
                await directory.by_key(key)
