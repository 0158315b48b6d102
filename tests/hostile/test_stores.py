"""Damaged, replaced or unavailable key stores and counters must not affect other keys."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import CONFIGS
from support.processes import serve_process
from support.redis import run_redis
from support.servers import SECRET

from mascot_server import load_settings
from mascot_server.auth.keys import KeyLimits, KeyRecord, new_key
from mascot_server.auth.keys.sqlite import SqliteKeyStore
from mascot_server.auth.stores import open_key_store

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess
    from support.redis import RedisServer
    from support.servers import Providers

KNOWN_AFTER = 2.6
"""Seconds after which a server has looked at its key store again."""


def ask(server: ServerProcess, key: str) -> int:
    """Ask for a signed URL; return the HTTP status."""
    body = {"config": {"provider": "openai", "provider_config": CONFIGS["openai"]}}
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{server.origin}/v1/get-signed-url", json=body, headers=headers).status_code


def kept_in_file(path: Path, **options: Any) -> tuple[str, KeyRecord]:
    """Make a key in a SQLite file."""

    async def keep() -> tuple[str, KeyRecord]:
        key, record = new_key("app", **options)
        store = SqliteKeyStore(path)
        await store.add(record)
        await store.close()
        return key, record

    return asyncio.run(keep())


def kept_in_redis(redis: RedisServer, **options: Any) -> tuple[str, KeyRecord]:
    """Make a key in Redis."""

    async def keep() -> tuple[str, KeyRecord]:
        key, record = new_key("app", **options)
        store = open_key_store(load_settings(redis_url=redis.url, redis_timeout_seconds=10))
        assert store is not None
        await store.add(record)
        await store.close()
        return key, record

    return asyncio.run(keep())


def test_damaged_rows(tmp_path: Path, providers: Providers, figure: Figures) -> None:
    path = tmp_path / "keys.db"
    key, _ = kept_in_file(path)
    damages = (
        "created = 'never'",
        "providers = '{'",
        "digest = 7",
        "sessions = 'many'",
        "name = CAST(x'ff' AS TEXT)",
    )
    for damage in damages:
        _, bad = kept_in_file(path)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"UPDATE keys SET {damage} WHERE id = ?", (bad.id,))  # noqa: S608
    with serve_process(tmp_path, providers.origin, key_store=str(path)) as server:
        statuses = [ask(server, key) for _ in range(5)]
        figure("requests of another key that fail", 5 - statuses.count(200), "of 5", at_most=0)
        figure("tracebacks", server.logged().count("Traceback"), at_most=0)


def test_damaged_records_in_redis(tmp_path: Path, providers: Providers, figure: Figures) -> None:
    with run_redis() as redis:
        key, _ = kept_in_redis(redis)
        for number, content in enumerate(("{", '{"id": "key-x"}', "null", "[" * 5000)):
            redis.command("HSET", "mascot:{keys}", f"key-{number}", content)
        with serve_process(tmp_path, providers.origin, redis_url=redis.url) as server:
            statuses = [ask(server, key) for _ in range(5)]
            figure("requests of another key that fail", 5 - statuses.count(200), "of 5", at_most=0)


@pytest.mark.parametrize("kind", ["wrong type", "out of memory"])
def test_redis_answers_errors_and_limits_hold(
    kind: str, tmp_path: Path, providers: Providers, figure: Figures
) -> None:
    limits = KeyLimits(requests_per_minute=5)
    with run_redis() as redis:
        (bad_key, bad), (key, _) = (kept_in_redis(redis, limits=limits) for _ in range(2))
        with serve_process(tmp_path, providers.origin, redis_url=redis.url) as server:
            if kind == "wrong type":
                redis.command("LPUSH", f"mascot:rate:{bad.id}", "x")
            else:
                redis.command("CONFIG", "SET", "maxmemory", "1")
            asked = [(ask(server, bad_key), ask(server, key)) for _ in range(20)]
    # A bucket gets another token every 12 s.
    let_in = sum(status == 200 for _, status in asked)
    figure("requests of another key let in, limit 5", let_in, "of 20", at_least=5, at_most=7)


@pytest.mark.parametrize("how", ["renamed", "written over", "deleted"])
def test_a_key_database_that_changes_under_a_server(
    how: str, tmp_path: Path, providers: Providers, figure: Figures
) -> None:
    path, other = tmp_path / "keys.db", tmp_path / "other.db"
    (old_key, _), (key, _) = kept_in_file(path), kept_in_file(other)
    with serve_process(tmp_path, providers.origin, key_store=str(path)) as server:
        assert ask(server, old_key) == 200
        if how == "renamed":
            other.replace(path)
        elif how == "written over":
            path.write_bytes(other.read_bytes())
        else:
            path.unlink()
        time.sleep(KNOWN_AFTER)
        figure("the key of the old file is let in", ask(server, old_key) == 200, at_most=0)
        if how != "deleted":
            figure("the key of the new file is let in", ask(server, key) == 200, at_least=1)


def test_a_key_database_that_cannot_be_opened_at_start(tmp_path: Path, figure: Figures) -> None:
    path = tmp_path / "keys.db"
    path.write_bytes(b"this is no database at all, but long enough to be read")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    environment |= {"MASCOT_SECRET": SECRET, "MASCOT_PORT": "0", "MASCOT_KEY_STORE": str(path)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mascot_server", "serve"],
            cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=log,
        )  # fmt: skip
    try:
        status = process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        status = -1
    finally:
        process.kill()
        process.wait()
    lines = (tmp_path / "log").read_text().splitlines()
    figure("exit status; -1: it runs", status, at_least=2, at_most=2)
    figure("lines that name the file", sum(str(path) in line for line in lines), at_least=1, at_most=1)
    figure("lines", len(lines), at_most=1)


def test_redis_with_the_keys_is_down_at_start(tmp_path: Path, providers: Providers, figure: Figures) -> None:
    with run_redis() as redis:
        key, _ = kept_in_redis(redis)
        redis.stop()
        ready = 1
        try:
            with serve_process(tmp_path, providers.origin, redis_url=redis.url, api_keys="") as server:
                assert ask(server, key) == 503
        except httpx.HTTPStatusError:
            ready = 0
    figure("it reports that it is ready", ready, at_most=0)
    log = (tmp_path / "log").read_text()
    figure("lines that name Redis", log.count("Redis is unavailable"), at_least=1, at_most=6)
