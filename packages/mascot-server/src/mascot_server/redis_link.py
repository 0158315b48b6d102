"""The connection to Redis or Valkey: short timeouts, and no waiting for one that is known to be away."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from mascot_server.breaker import Breaker
from mascot_server.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["RedisLink"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_CONNECTIONS: Final = 32


class RedisLink:
    """Asks Redis.

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`, with user, password and database as redis-py reads them.
        timeout: Seconds to connect, to answer, or to wait for a free connection.

    Raises:
        SettingsError: It is no such URL.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=timeout,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                # A pooled connection may have been closed by a restart: the second try makes a new one. What timed
                # out is not tried again, it may have been done.
                retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            )
        except ValueError as error:
            raise SettingsError(f"MASCOT_REDIS_URL: {error}") from None
        self._redis = Redis(connection_pool=pool)
        self._breaker = Breaker()

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """Asks something.

        Raises:
            StoreError: Redis is away, or answers an error.
        """
        if not self._breaker.may_ask():
            raise StoreError("Redis is away")
        try:
            answer = await question(self._redis)
        except (RedisError, OSError) as error:
            if self._breaker.closed:
                logger.warning("Redis is away: %s: %s", type(error).__name__, error)
            self._breaker.failed()
            raise StoreError(f"Redis is away: {type(error).__name__}") from None
        if not self._breaker.closed:
            logger.warning("Redis is back")
        self._breaker.succeeded()
        return answer

    async def close(self) -> None:
        """Closes all connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()
