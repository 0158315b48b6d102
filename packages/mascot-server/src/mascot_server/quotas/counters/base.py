"""The protocol of counters, implemented in the memory of a process and in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Counters"]


class Counters(Protocol):
    """Counters for limits that all processes share.

    Times are measured by the store, so the clocks of the processes need not agree. Every method raises `StoreError` if
    the store is unavailable or answers with an error, which may concern a single name. The limiter decides how to
    handle it.
    """

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Claim a name for exactly one caller.

        Args:
            name: The name.
            seconds: How long it stays claimed.

        Returns:
            Whether the name was free.
        """

    async def mark(self, name: str, *, seconds: float) -> None:
        """Remember a name.

        Args:
            name: The name.
            seconds: For how long from now.
        """

    async def is_marked(self, name: str) -> bool:
        """Return whether a name is remembered."""

    async def take(self, name: str, *, per_minute: int) -> float:
        """Take one token from a bucket with the capacity of one minute, which fills at an even rate.

        Args:
            name: Name of the bucket. A new one is full.
            per_minute: Tokens added per minute, and capacity of the bucket.

        Returns:
            0 if a token was taken; otherwise the seconds until one is available.
        """

    async def lease(self, name: str, holder: str, *, limit: int, seconds: float) -> bool:
        """Take one of a limited number of leases.

        Args:
            name: Name of the limited resource.
            holder: Id of the holder. An existing lease of the same holder is renewed.
            limit: Number of leases.
            seconds: Time until the lease expires unless it is renewed.

        Returns:
            Whether a lease was available.
        """

    async def renew(self, name: str, holders: Collection[str], *, seconds: float) -> None:
        """Renew leases, including those that have expired."""

    async def release(self, name: str, holder: str) -> None:
        """Release a lease."""

    async def spend(self, name: str, seconds: float, *, keep: float) -> float:
        """Add to a counter of seconds.

        Args:
            name: Name of the counter. A new one is 0.
            seconds: Seconds to add; 0 reads the counter.
            keep: Seconds from now after which the counter is deleted.

        Returns:
            The sum in seconds, to the millisecond.
        """

    async def close(self) -> None:
        """Close the connections."""
