"""Counters in Redis or Valkey, shared by many processes."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from redis.asyncio import Redis

    from mascot_server.redis.connection import RedisLink

__all__ = ["RedisCounters"]

_PREFIX: Final = "mascot:"


def _script(name: str) -> str:
    return files("mascot_server.quotas.counters").joinpath(f"scripts/{name}.lua").read_text()


class RedisCounters:
    """Counters in Redis. Each operation is one command, one script or one transaction on one key.

    Args:
        link: The connection.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._take, self._lease, self._renew = (_script(name) for name in ("take", "lease", "renew"))

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Claim a name."""
        key, milliseconds = f"{_PREFIX}claim:{name}", _milliseconds(seconds)
        # The name is a token id, which must not be logged.
        return bool(
            await self._link.ask(
                lambda redis: redis.set(key, 1, nx=True, px=milliseconds), about=f"{_PREFIX}claim:…"
            )
        )

    async def mark(self, name: str, *, seconds: float) -> None:
        """Remember a name."""
        key, milliseconds = f"{_PREFIX}mark:{name}", _milliseconds(seconds)
        await self._link.ask(lambda redis: redis.set(key, 1, px=milliseconds), about=f"{_PREFIX}mark:…")

    async def is_marked(self, name: str) -> bool:
        """Return whether a name is remembered."""
        key = f"{_PREFIX}mark:{name}"
        return bool(await self._link.ask(lambda redis: redis.exists(key), about=f"{_PREFIX}mark:…"))

    async def take(self, name: str, *, per_minute: int) -> float:
        """Take a token."""
        return await self._run(self._take, f"rate:{name}", per_minute) / 1000

    async def lease(self, name: str, holder: str, *, limit: int, seconds: float) -> bool:
        """Take a lease."""
        return bool(await self._run(self._lease, f"lease:{name}", holder, limit, _milliseconds(seconds)))

    async def renew(self, name: str, holders: Collection[str], *, seconds: float) -> None:
        """Renew leases."""
        await self._run(self._renew, f"lease:{name}", _milliseconds(seconds), *holders)

    async def release(self, name: str, holder: str) -> None:
        """Release a lease."""
        key = f"{_PREFIX}lease:{name}"
        await self._link.ask(lambda redis: redis.zrem(key, holder), about=key)

    async def spend(self, name: str, seconds: float, *, keep: float) -> float:
        """Add to a counter of seconds."""
        key = f"{_PREFIX}usage:{name}"

        async def add(redis: Redis) -> int:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.incrby(key, _milliseconds(seconds))
                pipeline.pexpire(key, _milliseconds(keep))
                total, _ = await pipeline.execute()
            return int(total)

        return await self._link.ask(add, about=key) / 1000

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _run(self, script: str, key: str, *arguments: str | int) -> int:
        async def run(redis: Redis) -> Any:
            return await redis.register_script(script)(keys=[_PREFIX + key], args=arguments)

        return int(await self._link.ask(run, about=_PREFIX + key))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
