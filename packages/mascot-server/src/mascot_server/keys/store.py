"""Where keys are kept: one small protocol for the SQLite file and Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.keys.records import KeyRecord

__all__ = ["KeyStore"]


class KeyStore(Protocol):
    """Keeps what is known of keys. Every method raises `StoreError` if it cannot."""

    async def version(self) -> object:
        """Something that is unequal to what it was before once a key was added or revoked. Cheap to ask."""

    async def all(self) -> Sequence[KeyRecord]:
        """All keys, oldest first, revoked ones among them."""

    async def add(self, record: KeyRecord) -> None:
        """Keeps a new key."""

    async def revoke(self, key_id: str) -> bool:
        """Ends a key for good.

        Returns:
            Whether there is such a key; one that is revoked stays as it is.
        """

    async def close(self) -> None:
        """Lets go of files and connections."""
