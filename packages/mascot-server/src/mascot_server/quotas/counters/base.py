"""What processes have to agree on: one small protocol for a process's memory and Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Counters"]


class Counters(Protocol):
    """Counts what may not be exceeded by all processes together.

    Times are the counters' own: processes need not agree on theirs. Every method raises `StoreError` if the counters
    are away or answer with an error, which may be about one name; what that means for a caller is for the limiter to
    say.
    """

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Claim a name for exactly one caller.

        Args:
            name: What is taken.
            seconds: How long it stays taken.

        Returns:
            Whether it was free.
        """

    async def mark(self, name: str, *, seconds: float) -> None:
        """Remember a name.

        Args:
            name: What is remembered.
            seconds: For how long from now.
        """

    async def is_marked(self, name: str) -> bool:
        """Return whether a name is remembered."""

    async def take(self, name: str, *, per_minute: int) -> float:
        """Take one token from a bucket with the capacity of one minute, which fills at an even rate.

        Args:
            name: Of the bucket. A new one is full.
            per_minute: How many tokens it gets a minute, and how many it holds.

        Returns:
            0, or, where none was left and none was taken, the seconds until there is one.
        """

    async def lease(self, name: str, holder: str, *, limit: int, seconds: float) -> bool:
        """Take one of a limited number of leases.

        Args:
            name: What the places are of.
            holder: Who takes it; who holds it already gets it anew.
            limit: How many places there are.
            seconds: When it ends unless it is renewed.

        Returns:
            Whether one was free.
        """

    async def renew(self, name: str, holders: Collection[str], *, seconds: float) -> None:
        """Renew leases, including those that have expired."""

    async def release(self, name: str, holder: str) -> None:
        """Release a lease."""

    async def spend(self, name: str, seconds: float, *, keep: float) -> float:
        """Add to an account of time.

        Args:
            name: Of the account. A new one is empty.
            seconds: What to add; 0 asks what is there.
            keep: Seconds from now after which the account is forgotten.

        Returns:
            Seconds in it, to the millisecond.
        """

    async def close(self) -> None:
        """Close the connections."""
