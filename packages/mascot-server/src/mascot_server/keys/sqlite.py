"""Keys in a SQLite file, which several processes may read and write."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mascot_server.errors import StoreError
from mascot_server.keys.records import KeyLimits, KeyRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SqliteKeyStore"]

T = TypeVar("T")

_SCHEMA_VERSION: Final = 1
"""Kept in the file as `user_version`."""

_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created TEXT NOT NULL,
    requests_per_minute INTEGER,
    sessions INTEGER,
    minutes_per_day INTEGER,
    providers TEXT NOT NULL,
    origins TEXT NOT NULL,
    revoked TEXT
);
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""

_BUSY_SECONDS: Final = 5.0
"""How long to wait for another process that writes; its transactions are of one statement."""


class SqliteKeyStore:
    """Keys in a file.

    Args:
        path: The file; made with its first use, for its owner's eyes only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    async def version(self) -> object:
        """Changes with every commit, of this process or another."""
        return await self._do(
            lambda db: (db.execute("PRAGMA data_version").fetchone()[0], db.total_changes),
        )

    async def all(self) -> list[KeyRecord]:
        """All keys, oldest first."""
        rows = await self._do(lambda db: db.execute("SELECT * FROM keys ORDER BY created, rowid").fetchall())
        return [_record(row) for row in rows]

    async def add(self, record: KeyRecord) -> None:
        """Keeps a new key."""
        columns = _columns(record)
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        # The names are ours.
        statement = f"INSERT INTO keys ({names}) VALUES ({places})"  # noqa: S608 - our own columns
        await self._do(lambda db: db.execute(statement, columns))

    async def revoke(self, key_id: str) -> bool:
        """Ends a key."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        statement = "UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id = ?"
        return await self._do(lambda db: db.execute(statement, (now, key_id)).rowcount > 0)

    async def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does something with the file in a thread, since it may have to wait for another process."""

        def locked() -> T:
            with self._lock:
                if self._connection is None:
                    self._connection = self._open()
                return work(self._connection)

        try:
            return await asyncio.to_thread(locked)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"key store {self._path}: {error}") from None

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > _SCHEMA_VERSION:
            raise StoreError(
                f"key store {self._path}: made by a newer mascot-server (schema {found}); upgrade this one"
            )
        # Readers do not wait for a writer then, nor a writer for readers. The file remembers it.
        db.execute("PRAGMA journal_mode = WAL")
        if found < _SCHEMA_VERSION:
            db.executescript(_SCHEMA).close()


def _columns(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "digest": record.digest,
        "created": record.created.isoformat(),
        "requests_per_minute": record.limits.requests_per_minute,
        "sessions": record.limits.sessions,
        "minutes_per_day": record.limits.minutes_per_day,
        "providers": json.dumps(record.providers),
        "origins": json.dumps(record.origins),
        "revoked": record.revoked and record.revoked.isoformat(),
    }


def _record(row: sqlite3.Row) -> KeyRecord:
    return KeyRecord(
        id=row["id"],
        name=row["name"],
        digest=row["digest"],
        created=datetime.fromisoformat(row["created"]),
        limits=KeyLimits(row["requests_per_minute"], row["sessions"], row["minutes_per_day"]),
        providers=tuple(json.loads(row["providers"])),
        origins=tuple(json.loads(row["origins"])),
        revoked=row["revoked"] and datetime.fromisoformat(row["revoked"]),
    )
