"""Key store in Redis or Valkey, for servers on several machines."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mascot_server.auth.keys.store import damage
from mascot_server.auth.keys.stored import DamagedRecordError, read_record
from mascot_server.errors import StoreRefused

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from mascot_server.auth.keys.records import KeyRecord
    from mascot_server.redis.connection import RedisLink

__all__ = ["RedisKeyStore"]

_KEYS: Final = "mascot:{keys}"
"""A hash of all keys by id, each as JSON. The braces keep it on one node of a cluster with the version."""

_VERSION: Final = "mascot:{keys}:version"
"""A new random value for each change of the hash. A counter would repeat its values in a Redis that lost its data."""


class RedisKeyStore:
    """A key store in a hash of Redis.

    Args:
        link: The connection.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self.damaged: tuple[str, ...] = ()

    async def version(self) -> object:
        """Return a value that changes with every key that is added or revoked."""
        try:
            return await self._link.ask(lambda redis: redis.get(_VERSION), about=_VERSION) or b""
        except StoreRefused:
            # Return a new version, so that all keys are read again. If that fails too, that error is reported.
            return object()

    async def all(self) -> list[KeyRecord]:
        """Return all keys, oldest first."""
        values: dict[bytes, bytes] = await self._link.ask(_hgetall, about=_KEYS)
        records, damaged = [], []
        for field, value in values.items():
            key_id = field.decode(errors="replace")
            try:
                records.append(_record(key_id, value))
            except DamagedRecordError as error:
                damaged.append(damage(key_id, error))
        self.damaged = tuple(sorted(damaged))
        return sorted(records, key=lambda record: record.created)

    async def add(self, record: KeyRecord) -> None:
        """Store a new key."""
        await self._put(record.id, _fields(record))

    async def revoke(self, key_id: str) -> bool:
        """Revoke a key."""
        kept: Any = await self._link.ask(lambda redis: redis.hget(_KEYS, key_id), about=_KEYS)
        if kept is None:
            return False
        try:
            _record(key_id, kept)
        except DamagedRecordError:
            await self._put(key_id, None)
            return True
        fields = json.loads(kept)
        # If two processes revoke it at the same time, the later time is stored. It is revoked in both cases.
        fields["revoked"] = fields["revoked"] or datetime.now(UTC).isoformat(timespec="seconds")
        await self._put(key_id, fields)
        return True

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _put(self, key_id: str, fields: dict[str, Any] | None) -> None:
        """Store a record, or remove it."""

        async def put(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as pipeline:
                if fields is None:
                    pipeline.hdel(_KEYS, key_id)
                else:
                    pipeline.hset(_KEYS, key_id, json.dumps(fields))
                pipeline.set(_VERSION, secrets.token_hex(8))
                await pipeline.execute()

        await self._link.ask(put, about=_KEYS)


async def _hgetall(redis: Redis) -> Any:
    return await redis.hgetall(_KEYS)


def _fields(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "digest": record.digest.hex(),
        "created": record.created.isoformat(),
        "requests_per_minute": record.limits.requests_per_minute,
        "sessions": record.limits.sessions,
        "minutes_per_day": record.limits.minutes_per_day,
        "providers": record.providers,
        "origins": record.origins,
        "revoked": record.revoked and record.revoked.isoformat(),
    }


def _record(key_id: str, value: bytes) -> KeyRecord:
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError):
        raise DamagedRecordError("it is not JSON") from None
    if not isinstance(fields, dict) or fields.get("id") != key_id:
        raise DamagedRecordError("its ID belongs to another key")
    try:
        digest = bytes.fromhex(fields["digest"])
    except (KeyError, TypeError, ValueError):
        raise DamagedRecordError("digest is not a SHA-256") from None
    return read_record({**fields, "digest": digest})
