"""Look-up of API keys: those of the settings, and those of the store in a copy that is a few seconds old at most."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final, Self

from mascot_server.auth.keys.records import digest_of
from mascot_server.errors import StoreError, StoreRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.auth.keys.records import KeyRecord
    from mascot_server.auth.keys.static import StaticKeys
    from mascot_server.auth.keys.store import KeyStore

__all__ = ["MAX_AGE_SECONDS", "KeyDirectory"]

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS: Final = 2.0
"""How old the copy may be: a revoked key is rejected after this time at the latest."""

_MISS_AGE_SECONDS: Final = 0.25
"""How old the copy may be to reject a key as unknown: a new key works after this time, and invalid keys cause at most
four look-ups per second."""


class KeyDirectory:
    """Looks up keys. An asynchronous context manager that closes the store.

    Args:
        static: Keys of the settings.
        store: Where further keys are kept.
        keep_stale: Whether to use the last copy while the store is unavailable. No key becomes valid by that, but a
            revoked key stays valid until the store is back. A store that exists but cannot be read is not unavailable.
        clock: Returns seconds from any start.
    """

    def __init__(
        self,
        static: StaticKeys,
        store: KeyStore | None = None,
        *,
        keep_stale: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._static = static
        self._store = store
        self._keep_stale = keep_stale
        self._clock = clock
        self._by_digest: dict[bytes, KeyRecord] = {}
        self._by_id: dict[str, KeyRecord] = {}
        self._version: object = None
        self._read_at = float("-inf")
        self._failing = False
        self._damaged: tuple[str, ...] = ()
        self._reading = asyncio.Lock()

    async def by_key(self, key: str) -> KeyRecord | None:
        """Return the record of a key, if it is valid.

        Raises:
            StoreError: The key is not one of the settings, and the store cannot be read.
        """
        digest = digest_of(key)
        # A plain look-up is enough: its duration depends on the hash only, which an attacker cannot choose.
        return self._static.by_digest(digest) or await self._stored(lambda: self._by_digest.get(digest))

    async def by_id(self, key_id: str) -> KeyRecord | None:
        """Return the record of the key with an id, if it is valid.

        Raises:
            StoreError: The key is not one of the settings, and the store cannot be read.
        """
        return self._static.by_id(key_id) or await self._stored(lambda: self._by_id.get(key_id))

    async def read(self) -> None:
        """Read the store, unless the copy is recent.

        Raises:
            StoreError: The store cannot be read.
        """
        if self._store is not None and self._age() > MAX_AGE_SECONDS:
            await self._read(self._store, older_than=MAX_AGE_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._store is not None:
            await self._store.close()

    async def _stored(self, find: Callable[[], KeyRecord | None]) -> KeyRecord | None:
        if self._store is None:
            return None
        if self._age() > MAX_AGE_SECONDS:
            await self._read(self._store, older_than=MAX_AGE_SECONDS)
        found = find()
        if found is None and self._age() > _MISS_AGE_SECONDS:
            await self._read(self._store, older_than=_MISS_AGE_SECONDS)
            found = find()
        return found

    def _age(self) -> float:
        return self._clock() - self._read_at

    async def _read(self, store: KeyStore, *, older_than: float) -> None:
        async with self._reading:
            if self._age() <= older_than:
                return  # Another task has just read it.
            now = self._clock()
            try:
                await self._refresh(store)
            except StoreError as error:
                if not self._failing:
                    logger.warning("%s", error)
                self._failing = True
                if not self._keep_stale or self._version is None or isinstance(error, StoreRefused):
                    raise
            else:
                self._failing = False
            self._read_at = now

    async def _refresh(self, store: KeyStore) -> None:
        version = await store.version()
        if version == self._version:
            return
        records = [record for record in await store.all() if record.revoked is None]
        self._by_digest = {record.digest: record for record in records}
        self._by_id = {record.id: record for record in records}
        self._version = version
        for damage in sorted(set(store.damaged) - set(self._damaged)):
            logger.error("%s", damage)
        self._damaged = store.damaged
