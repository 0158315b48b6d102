"""Opens what the settings name to keep keys and counts in. Redis is an extra, imported only where it is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.errors import SettingsError
from mascot_server.keys.sqlite import SqliteKeyStore
from mascot_server.ledger import MemoryLedger

if TYPE_CHECKING:
    from mascot_server.keys import KeyStore
    from mascot_server.ledger import Ledger
    from mascot_server.redis_link import RedisLink
    from mascot_server.settings import Settings

__all__ = ["open_key_store", "open_ledger"]


def open_key_store(settings: Settings) -> KeyStore | None:
    """Opens the key store: a SQLite file if one is set, else Redis if that is set.

    Nothing is read or connected to before its first use.

    Raises:
        SettingsError: Redis is set and cannot be used.
    """
    if settings.key_store is not None:
        return SqliteKeyStore(settings.key_store)
    link = _link(settings)
    if link is None:
        return None
    from mascot_server.keys.redis import RedisKeyStore  # noqa: PLC0415 - an extra

    return RedisKeyStore(link)


def open_ledger(settings: Settings) -> Ledger:
    """Opens the ledger: Redis if that is set, else the memory of this process.

    Nothing is connected to before its first use.

    Raises:
        SettingsError: Redis is set and cannot be used.
    """
    link = _link(settings)
    if link is None:
        return MemoryLedger()
    from mascot_server.ledger.redis import RedisLedger  # noqa: PLC0415 - an extra

    return RedisLedger(link)


def _link(settings: Settings) -> RedisLink | None:
    if settings.redis_url is None:
        return None
    try:
        from mascot_server.redis_link import RedisLink  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise SettingsError("MASCOT_REDIS_URL: needs an extra: pip install 'mascot-server[redis]'") from None
    return RedisLink(settings.redis_url.get_secret_value(), timeout=settings.redis_timeout_seconds)
