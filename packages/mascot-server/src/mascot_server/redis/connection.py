"""The connection to Redis or Valkey, with short timeouts and a circuit breaker."""

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
"""Seconds between two log lines about the same kind of error response."""


class RedisLink:
    """A connection to Redis.

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`, with user, password and database as redis-py reads them.
        timeout: Seconds to connect, to answer, or to wait for a free connection.

    Raises:
        SettingsError: The URL is invalid.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=timeout,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                # A restart of Redis closes pooled connections, so one retry opens a new one. A command that
                # timed out is not retried, because it may have been executed.
                retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            )
        except ValueError as error:
            raise SettingsError(f"MASCOT_REDIS_URL: {error}") from None
        self._redis = Redis(connection_pool=pool)
        self._breaker = Breaker()
        self._logged: dict[tuple[str, str], float] = {}

    async def ask(self, question: Callable[[Redis], Awaitable[T]], *, about: str) -> T:
        """Send commands to Redis and return the result.

        Args:
            question: Sends the commands and returns their result.
            about: Name of the entry that the commands concern, for the log.

        Raises:
            StoreRefused: Redis answered with an error. The error may concern this entry alone, so the circuit breaker
                stays closed.
            StoreError: Redis is unavailable.
        """
        if not self._breaker.may_ask():
            raise StoreError("Redis is unavailable")
        try:
            answer = await question(self._redis)
        except (RedisError, OSError) as error:
            # Redis is unavailable for all requests while it loads its data, elects a leader or rejects the
            # credentials. Of these errors, only `ClusterDownError` is a `ResponseError`.
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
