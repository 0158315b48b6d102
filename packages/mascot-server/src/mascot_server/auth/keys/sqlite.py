"""Keys in a SQLite file, which several processes may read and write."""

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


_LOOKS: Final = 3
"""To open a file once more that changed with its opening, as a new one does."""


class SqliteKeyStore:
    """Keys in a file.

    The file may be replaced while it is in use: the next look finds the new one. Once it was there it is never made
    again, since an empty file would be an answer, and a wrong one; while it is gone every method raises `StoreError`.

    Args:
        path: The file; made with its first use, for its owner's eyes only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: object = None
        self.damaged: tuple[str, ...] = ()

    def probe(self) -> None:
        """Make the file if there is none, and check that it can be used.

        Raises:
            StoreError: It cannot.
        """
        self._locked(lambda _: None)
        self._close()

    async def version(self) -> object:
        """Return a value that changes with every commit of any process, and with the file."""
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
        """Keep a new key."""
        columns = _columns(record)
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        # The names are ours.
        statement = f"INSERT INTO keys ({names}) VALUES ({places})"  # noqa: S608 - our own columns
        await self._do(lambda db: db.execute(statement, columns))

    async def revoke(self, key_id: str) -> bool:
        """End a key."""
        return await self._do(lambda db: _revoke(db, key_id))

    async def close(self) -> None:
        """Close the file."""
        self._close()

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function on the file in a thread, because it may have to wait for another process."""
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
        """Return a connection to the file that is there now."""
        if self._opened is None:
            # Opening for reading only leaves a file that is there as it is.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDONLY, 0o600))
        for _ in range(_LOOKS):
            status = self._path.stat()
            found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            if self._connection is not None and found == self._opened:
                break
            # Opened after the look: what happens between the two is another file at the next look.
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
        # `rw`: a file that was removed in this moment is not made anew.
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
        # Invalid UTF-8 damages one record, not all of them.
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
    """Keep all of the keys in the one file.

    A write-ahead log beside it would be taken for that of whatever file replaces it, and would bring back keys that the
    new file does not have.
    """
    if db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        db.execute("PRAGMA busy_timeout = 0")
        # Another process of an older version has it open, or the file may not be written. The next one tries again.
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
