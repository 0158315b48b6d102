"""The connection to Redis or Valkey: short timeouts, and no waiting for one that is known to be away."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from mascot_server.errors import SettingsError, StoreError, StoreRefused
from mascot_server.redis.circuit_breaker import Breaker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["RedisLink"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_CONNECTIONS: Final = 32

_LOG_SECONDS: Final = 60.0
"""How often an error that Redis answers is logged, for each kind of error."""


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
        self._logged: dict[tuple[str, str], float] = {}

    async def ask(self, question: Callable[[Redis], Awaitable[T]], *, about: str) -> T:
        """Ask something.

        Args:
            question: Sends commands and returns what they answered.
            about: Name of the entry that the question is about, for the log.

        Raises:
            StoreRefused: Redis answered with an error. That may be about this entry alone, so the next question is
                asked as usual.
            StoreError: Redis is unavailable.
        """
        if not self._breaker.may_ask():
            raise StoreError("Redis is unavailable")
        try:
            answer = await question(self._redis)
        except (RedisError, OSError) as error:
            # While it loads its data, elects a leader or does not know us, it answers nobody: these are no
            # `ResponseError`s, or mean the same.
            if isinstance(error, ResponseError) and not isinstance(error, ClusterDownError):
                self._answered()
                self._log_refusal(about, error)
                raise StoreRefused(f"Redis answered with an error: {type(error).__name__}") from None
            if self._breaker.closed:
                logger.warning("Redis is unavailable: %s: %s", type(error).__name__, error)
            self._breaker.failed()
            raise StoreError(f"Redis is unavailable: {type(error).__name__}") from None
        self._answered()
        return answer

    def _answered(self) -> None:
        if not self._breaker.closed:
            logger.warning("Redis is available again")
        self._breaker.succeeded()

    def _log_refusal(self, about: str, error: ResponseError) -> None:
        kind = (type(error).__name__, str(error).partition(" ")[0])
        now = time.monotonic()
        if now - self._logged.get(kind, float("-inf")) >= _LOG_SECONDS:
            self._logged[kind] = now
            logger.error(
                "Redis answered with an error about %s: %s: %s; if this entry is damaged, delete it",
                about, type(error).__name__, error,
            )  # fmt: skip

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()
