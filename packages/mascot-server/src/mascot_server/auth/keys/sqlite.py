"""Key store in a SQLite file, which several processes may read and write."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mascot_server.auth.keys.store import damage
from mascot_server.auth.keys.stored import DamagedRecordError, read_record
from mascot_server.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mascot_server.auth.keys.records import KeyRecord

__all__ = ["SqliteKeyStore"]

T = TypeVar("T")

_SCHEMA_VERSION: Final = 1
"""Stored in the file as `user_version`."""

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
"""How long to wait for another process that writes. Its transactions have one statement each."""


_LOOKS: Final = 3
"""Attempts to open the file: it is opened again if it was replaced meanwhile, or changed, as a new file does."""


class SqliteKeyStore:
    """A key store in a SQLite file.

    The file may be replaced while it is in use: the next call opens the new one. After its first use a missing file is
    not created again, because all keys would then be unknown. While it is missing, every method raises `StoreError`.

    Args:
        path: The file. Created on first use, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: object = None
        self.damaged: tuple[str, ...] = ()

    def probe(self) -> None:
        """Create the file if it does not exist, and check that it can be used.

        Raises:
            StoreError: The file cannot be used.
        """
        self._locked(lambda _: None)
        self._close()

    async def version(self) -> object:
        """Return a value that changes with every commit of any process, and when the file is replaced."""
        return await self._do(
            lambda db: (self._opened, db.execute("PRAGMA data_version").fetchone()[0], db.total_changes),
        )

    async def all(self) -> list[KeyRecord]:
        """Return all keys, oldest first."""
        rows = await self._do(lambda db: db.execute("SELECT * FROM keys ORDER BY created, rowid").fetchall())
        records, damaged = [], []
        for row in rows:
            try:
                records.append(_record(row))
            except DamagedRecordError as error:
                damaged.append(damage(dict(row).get("id"), error))
        self.damaged = tuple(damaged)
        return records

    async def add(self, record: KeyRecord) -> None:
        """Store a new key."""
        columns = _columns(record)
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        # The column names are constants of this module.
        statement = f"INSERT INTO keys ({names}) VALUES ({places})"  # noqa: S608 - our own columns
        await self._do(lambda db: db.execute(statement, columns))

    async def revoke(self, key_id: str) -> bool:
        """Revoke a key."""
        return await self._do(lambda db: _revoke(db, key_id))

    async def close(self) -> None:
        """Close the file."""
        self._close()

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function with the database in a thread, because it may have to wait for another process."""
        return await asyncio.to_thread(self._locked, work)

    def _locked(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            try:
                return work(self._current())
            except (sqlite3.Error, OSError) as error:
                self._drop()
                gone = isinstance(error, FileNotFoundError) and self._opened is not None
                reason = (
                    "it is gone; put it back, or restart to begin without keys" if gone else _reason(error)
                )
                raise StoreError(f"key store {self._path}: {reason}") from None

    def _current(self) -> sqlite3.Connection:
        """Return a connection to the current file."""
        if self._opened is None:
            # Opening with `O_RDONLY` does not change an existing file.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDONLY, 0o600))
        for _ in range(_LOOKS):
            status = self._path.stat()
            found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            if self._connection is not None and found == self._opened:
                break
            # Opened after the file was identified: a replacement between the two is detected by the next call.
            self._drop()
            self._connection, self._opened = self._open(), found
        assert self._connection is not None  # noqa: S101 - for the type checker
        return self._connection

    def _close(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _open(self) -> sqlite3.Connection:
        # `rw`: a file that was removed just now is not created again.
        db = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        # Invalid UTF-8 in one record must not make all records unreadable.
        db.text_factory = lambda data: data.decode(errors="replace")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > _SCHEMA_VERSION:
            raise StoreError(
                f"key store {self._path}: made by a newer mascot-server (schema {found}); upgrade this one"
            )
        _leave_wal(db)
        if found < _SCHEMA_VERSION:
            db.executescript(_SCHEMA).close()


def _reason(error: Exception) -> object:
    return getattr(error, "strerror", None) or error


def _leave_wal(db: sqlite3.Connection) -> None:
    """Leave WAL mode, so that all keys are in one file.

    SQLite would apply a leftover write-ahead log to a file that replaces this one, and restore keys that the new file
    does not have.
    """
    if db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        db.execute("PRAGMA busy_timeout = 0")
        # A process of an older version has the file open, or it is read-only. The next connection tries again.
        with suppress(sqlite3.OperationalError):
            db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA busy_timeout = {round(1000 * _BUSY_SECONDS)}")


def _revoke(db: sqlite3.Connection, key_id: str) -> bool:
    row = db.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
    if row is None:
        return False
    try:
        _record(row)
    except DamagedRecordError:
        db.execute("DELETE FROM keys WHERE id = ?", (key_id,))
        return True
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.execute("UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id = ?", (now, key_id))
    return True


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
    fields = dict(row)
    try:
        for name in ("providers", "origins"):
            fields[name] = json.loads(fields[name])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise DamagedRecordError("providers and origins are not lists") from None
    return read_record(fields)
