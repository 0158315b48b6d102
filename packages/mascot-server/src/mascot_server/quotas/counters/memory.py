"""The counters of a single process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["MemoryCounters"]

V = TypeVar("V")

_MINUTE: Final = 60.0


class MemoryCounters:
    """Counters in the memory of this process. For use from one event loop; no method waits.

    Args:
        clock: Returns seconds from any start.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._claims: _Expiring[str] = _Expiring()
        self._marks: _Expiring[str] = _Expiring()
        self._buckets: _Expiring[tuple[float, float]] = _Expiring()
        self._accounts: _Expiring[float] = _Expiring()
        self._leases: dict[str, dict[str, float]] = {}

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Claim a name."""
        now = self._clock()
        if self._claims.get(name, now) is not None:
            return False
        self._claims.put(name, name, until=now + seconds, now=now)
        return True

    async def mark(self, name: str, *, seconds: float) -> None:
        """Remember a name."""
        now = self._clock()
        self._marks.put(name, name, until=now + seconds, now=now)

    async def is_marked(self, name: str) -> bool:
        """Return whether a name is remembered."""
        return self._marks.get(name, self._clock()) is not None

    async def take(self, name: str, *, per_minute: int) -> float:
        """Take a token."""
        now, rate = self._clock(), per_minute / _MINUTE
        tokens, at = self._buckets.get(name, now) or (float(per_minute), now)
        tokens = min(per_minute, tokens + (now - at) * rate)
        if tokens < 1:
            return (1 - tokens) / rate
        self._buckets.put(name, (tokens - 1, now), until=now + _MINUTE, now=now)
        return 0.0

    async def lease(self, name: str, holder: str, *, limit: int, seconds: float) -> bool:
        """Take a lease."""
        now = self._clock()
        held = {other: until for other, until in self._leases.get(name, {}).items() if until > now}
        if holder not in held and len(held) >= limit:
            return False
        self._leases[name] = held | {holder: now + seconds}
        return True

    async def renew(self, name: str, holders: Collection[str], *, seconds: float) -> None:
        """Renew leases."""
        self._leases.setdefault(name, {}).update(dict.fromkeys(holders, self._clock() + seconds))

    async def release(self, name: str, holder: str) -> None:
        """Release a lease."""
        held = self._leases.get(name, {})
        held.pop(holder, None)
        if not held:
            self._leases.pop(name, None)

    async def spend(self, name: str, seconds: float, *, keep: float) -> float:
        """Add to a counter of seconds."""
        now = self._clock()
        total = round((self._accounts.get(name, now) or 0.0) + seconds, 3)
        self._accounts.put(name, total, until=now + keep, now=now)
        return total

    async def close(self) -> None:
        """Do nothing."""


class _Expiring(Generic[V]):
    """A dictionary whose entries expire. Expired entries are removed once a minute."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[V, float]] = {}
        self._swept_at = float("-inf")

    def get(self, name: str, now: float) -> V | None:
        value, until = self._entries.get(name, (None, now))
        return value if until > now else None

    def put(self, name: str, value: V, *, until: float, now: float) -> None:
        if now - self._swept_at > _MINUTE:
            self._entries = {name: entry for name, entry in self._entries.items() if entry[1] > now}
            self._swept_at = now
        self._entries[name] = (value, until)
