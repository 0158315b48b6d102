"""Open the key store and the counters that are configured. Redis is an extra, imported only if it is configured.

If the key database cannot be used, the server does not start. Redis may come up after the
server, so the server starts and is not ready until Redis has answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.auth.keys.sqlite import SqliteKeyStore
from mascot_server.errors import SettingsError, StoreError
from mascot_server.quotas.counters import MemoryCounters

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mascot_server.auth.keys import KeyStore
    from mascot_server.quotas.counters import Counters
    from mascot_server.redis.connection import RedisLink
    from mascot_server.settings import Settings

__all__ = ["FirstAnswers", "open_counters", "open_key_store"]


def open_key_store(settings: Settings) -> KeyStore | None:
    """Open the key store: a SQLite file if one is set, else Redis if that is set.

    The file is created if it does not exist. Redis is connected to on first use.

    Raises:
        SettingsError: The file cannot be used, or Redis is set and its URL or package cannot.
    """
    if settings.key_store is not None:
        store = SqliteKeyStore(settings.key_store)
        try:
            store.probe()
        except StoreError as error:
            raise SettingsError(f"MASCOT_KEY_STORE: {error}") from None
        return store
    link = _link(settings)
    if link is None:
        return None
    from mascot_server.auth.keys.redis import RedisKeyStore  # noqa: PLC0415 - an extra

    return RedisKeyStore(link)


def open_counters(settings: Settings) -> Counters:
    """Open the counters: in Redis if that is set, otherwise in the memory of this process.

    Redis is connected to on first use.

    Raises:
        SettingsError: Redis is set and cannot be used.
    """
    link = _link(settings)
    if link is None:
        return MemoryCounters()
    from mascot_server.quotas.counters.redis import RedisCounters  # noqa: PLC0415 - an extra

    return RedisCounters(link)


def _link(settings: Settings) -> RedisLink | None:
    if settings.redis_url is None:
        return None
    try:
        from mascot_server.redis.connection import RedisLink  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise SettingsError("MASCOT_REDIS_URL: needs an extra: pip install 'mascot-server[redis]'") from None
    return RedisLink(settings.redis_url.get_secret_value(), timeout=settings.redis_timeout_seconds)


class FirstAnswers:
    """Tracks whether all required stores have answered at least once since the start.

    Args:
        questions: One function for each store, which raises `StoreError` while the store does not answer.
    """

    def __init__(self, *questions: Callable[[], Awaitable[object]]) -> None:
        self._waiting = list(questions)

    async def problem(self) -> str | None:
        """Query the stores that have not answered yet; return why the server is not ready, or `None`."""
        for question in tuple(self._waiting):
            try:
                await question()
            except StoreError as error:
                return str(error)
            if question in self._waiting:
                self._waiting.remove(question)
        return None
