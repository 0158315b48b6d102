"""The protocol of key stores, implemented by the SQLite file and by Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.auth.keys.records import KeyRecord

__all__ = ["KeyStore", "damage"]


class KeyStore(Protocol):
    """Stores the records of keys. Every method raises `StoreError` if the store cannot be used.

    Attributes:
        damaged: The records that the last `all` could not read, each as a sentence that names it and the fix.
    """

    damaged: tuple[str, ...]

    async def version(self) -> object:
        """Return a value that changes when a key is added or revoked. Cheap to call."""

    async def all(self) -> Sequence[KeyRecord]:
        """Return all keys including revoked ones, oldest first. Damaged records are skipped."""

    async def add(self, record: KeyRecord) -> None:
        """Store a new key."""

    async def revoke(self, key_id: str) -> bool:
        """Revoke a key permanently. A damaged record is removed.

        Returns:
            Whether the key exists. A key that is already revoked is not changed.
        """

    async def close(self) -> None:
        """Close files and connections."""


def damage(key_id: object, reason: Exception) -> str:
    """Describe a damaged record.

    Args:
        key_id: Id of the key, as far as it can be read.
        reason: What is wrong with it.
    """
    return (
        f"the record of key {key_id!r:.80} is damaged ({reason}); the key is refused: make a new one, and remove this "
        "one with `mascot-server keys revoke`"
    )
