"""Keys in Redis or Valkey, for servers on several machines."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mascot_server.errors import StoreError
from mascot_server.keys.records import KeyLimits, KeyRecord

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from mascot_server.redis_link import RedisLink

__all__ = ["RedisKeyStore"]

_KEYS: Final = "mascot:{keys}"
"""A hash of all keys by id, each as JSON. The braces keep it on one node of a cluster with the version."""

_VERSION: Final = "mascot:{keys}:version"
"""Another random word with each change of the hash: a count would repeat itself in a Redis that lost its data."""


class RedisKeyStore:
    """Keys in a hash.

    Args:
        link: The connection.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def version(self) -> object:
        """Changes with every key that is added or revoked."""
        return await self._link.ask(lambda redis: redis.get(_VERSION)) or b""

    async def all(self) -> list[KeyRecord]:
        """All keys, oldest first."""
        fields: dict[bytes, bytes] = await self._link.ask(_hgetall)
        return sorted((_record(value) for value in fields.values()), key=lambda record: record.created)

    async def add(self, record: KeyRecord) -> None:
        """Keeps a new key."""
        await self._put(record.id, _fields(record))

    async def revoke(self, key_id: str) -> bool:
        """Ends a key."""
        kept = await self._link.ask(lambda redis: redis.hget(_KEYS, key_id))
        if kept is None:
            return False
        fields = json.loads(kept)
        # Of two that revoke at once the later one counts; either way it is revoked.
        fields["revoked"] = fields["revoked"] or datetime.now(UTC).isoformat(timespec="seconds")
        await self._put(key_id, fields)
        return True

    async def close(self) -> None:
        """Closes the connection."""
        await self._link.close()

    async def _put(self, key_id: str, fields: dict[str, Any]) -> None:
        async def put(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.hset(_KEYS, key_id, json.dumps(fields))
                pipeline.set(_VERSION, secrets.token_hex(8))
                await pipeline.execute()

        await self._link.ask(put)


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


def _record(value: bytes) -> KeyRecord:
    try:
        fields = json.loads(value)
        return KeyRecord(
            id=fields["id"],
            name=fields["name"],
            digest=bytes.fromhex(fields["digest"]),
            created=datetime.fromisoformat(fields["created"]),
            limits=KeyLimits(fields["requests_per_minute"], fields["sessions"], fields["minutes_per_day"]),
            providers=tuple(fields["providers"]),
            origins=tuple(fields["origins"]),
            revoked=fields["revoked"] and datetime.fromisoformat(fields["revoked"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{_KEYS} in Redis holds what is no key: {type(error).__name__}") from None
