"""Enforcement of the limits of API keys. Keys without limits have no overhead: no look-up, no entry, no timer."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeVar

from mascot_server.errors import StoreError, TooManyRequests, Unavailable
from mascot_server.quotas.counters import MemoryCounters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mascot_server.auth.keys import KeyRecord
    from mascot_server.observability.metrics import Metrics
    from mascot_server.quotas.counters import Counters

__all__ = ["Limiter"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LEASE_SECONDS: Final = 30.0

_TICKS_PER_LEASE: Final = 3
"""Renewals per lease lifetime: a lease survives two failed renewals."""

_TICK_SECONDS: Final = 5.0
"""Seconds between renewals of leases and counts of minutes. The minutes of a day may be exceeded by this time."""

_DAY_SECONDS: Final = 24 * 60 * 60
_KEEP_USAGE_SECONDS: Final = 2 * _DAY_SECONDS

_RETRY_SESSION_SECONDS: Final = 5
"""`Retry-After` for a limit of sessions: the end of a session is unknown, and this rate of retries is low."""

_RETRY_STORE_SECONDS: Final = 2


@dataclass(slots=True, eq=False)
class _Running:
    key: KeyRecord
    stop: Callable[[int, str], None]
    counted_until: float


class Limiter:
    """Counts requests, sessions and minutes of keys that have limits, and rejects what exceeds a limit.

    An asynchronous context manager: while it is entered, leases are renewed and minutes counted;
    it closes the counters.

    Args:
        counters: The counters.
        fail_open: Whether to count in this process while the counters are unavailable or answer with an error, instead
            of rejecting all keys with limits.
        metrics: Metrics that count rejections and failures.
        lease_seconds: How long the sessions of a process that died still count.
        tick_seconds: Seconds between updates of running sessions; less if leases are short.
        clock: Seconds since the epoch, for the day that minutes belong to.
    """

    def __init__(
        self,
        counters: Counters,
        *,
        fail_open: bool,
        metrics: Metrics,
        lease_seconds: float = _LEASE_SECONDS,
        tick_seconds: float = _TICK_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._counters = counters
        self._own = MemoryCounters() if fail_open else None
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._tick_seconds = min(tick_seconds, lease_seconds / _TICKS_PER_LEASE)
        self._clock = clock
        self._running: dict[str, _Running] = {}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look_after())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._counters.close()

    async def count_request(self, key: KeyRecord) -> None:
        """Count a request or a handshake.

        Raises:
            TooManyRequests: The limit per minute is reached; the request was not counted.
            Unavailable: The counters are unavailable.
        """
        limit = key.limits.requests_per_minute
        if limit is None:
            return
        wait = await self._ask(lambda counters: counters.take(key.id, per_minute=limit))
        if wait > 0:
            raise self._too_many("requests", f"at most {limit} requests a minute", math.ceil(wait))

    async def check_day(self, key: KeyRecord) -> None:
        """Check that the day's minutes are not used up.

        Raises:
            TooManyRequests: The minutes are used up.
            Unavailable: The counters are unavailable.
        """
        limit = key.limits.minutes_per_day
        if limit is None:
            return
        used = await self._ask(lambda counters: self._spend(counters, key, 0.0))
        if used >= limit * 60:
            tomorrow = _DAY_SECONDS - self._clock() % _DAY_SECONDS
            raise self._too_many("minutes", _used_up(limit), math.ceil(tomorrow))

    async def claim(self, token_id: str, *, seconds: float) -> bool:
        """Claim a single-use token.

        Returns:
            Whether it had not been used before.

        Raises:
            Unavailable: The counters are unavailable.
        """
        return await self._ask(lambda counters: counters.claim(token_id, seconds=seconds))

    async def remember_start(self, token_id: str, *, seconds: float) -> None:
        """Remember that a token has started a conversation, so that it can resume it.

        Raises:
            Unavailable: The counters are unavailable.
        """
        await self._ask(lambda counters: counters.mark(token_id, seconds=seconds))
        if self._own is not None:
            # Stored in this process as well, in case the counters lose it.
            await self._own.mark(token_id, seconds=seconds)

    async def has_started(self, token_id: str) -> bool:
        """Return whether a token has started a conversation.

        Raises:
            Unavailable: The counters are unavailable.
        """
        if self._own is not None and await self._own.is_marked(token_id):
            return True

        async def may_have(counters: Counters) -> bool:
            # The local counters are used only while the shared ones are unavailable. Another process may have recorded
            # the start, and running conversations are more important than limits.
            return counters is self._own or await counters.is_marked(token_id)

        return await self._ask(may_have)

    @asynccontextmanager
    async def session(self, key: KeyRecord, stop: Callable[[int, str], None]) -> AsyncIterator[None]:
        """Count a session while it runs, from its handshake on.

        Args:
            key: API key of the session.
            stop: Ends it with a WebSocket close code and a reason, once the day's minutes are used up.

        Raises:
            TooManyRequests: The limit of sessions is reached, or the day's minutes are used up.
            Unavailable: The counters are unavailable.
        """
        limits, session = key.limits, uuid.uuid4().hex
        if limits.sessions is None and limits.minutes_per_day is None:
            yield
            return
        await self.check_day(key)
        if limits.sessions is not None and not await self._lease(key, session, limits.sessions):
            raise self._too_many(
                "sessions", f"at most {limits.sessions} sessions at once", _RETRY_SESSION_SECONDS
            )
        self._running[session] = running = _Running(key, stop, self._clock())
        try:
            yield
        finally:
            del self._running[session]
            await self._settle(session, running)

    async def reach(self) -> None:
        """Send a query to the counters, to check whether they are available.

        Raises:
            StoreError: The counters are unavailable.
        """
        await self._counters.claim("reach", seconds=1)

    async def _lease(self, key: KeyRecord, session: str, limit: int) -> bool:
        seconds = self._lease_seconds
        got = await self._ask(lambda counters: counters.lease(key.id, session, limit=limit, seconds=seconds))
        if got and self._own is not None:
            # Stored in this process as well, in case the counters are unavailable for the next operation.
            await self._own.renew(key.id, [session], seconds=seconds)
        return got

    async def _settle(self, session: str, running: _Running) -> None:
        """Count the rest of a session's time and release its lease; if the counters fail, the lease expires."""
        if self._own is not None:
            await self._own.release(running.key.id, session)
        try:
            if running.key.limits.minutes_per_day is not None:
                await self._spend(self._counters, running.key, self._clock() - running.counted_until)
            if running.key.limits.sessions is not None:
                await self._counters.release(running.key.id, session)
        except StoreError:
            self._metrics.ledger_failures.add()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(self._tick_seconds)
            by_key: defaultdict[str, dict[str, _Running]] = defaultdict(dict)
            for session, running in self._running.items():
                by_key[running.key.id][session] = running
            for sessions in by_key.values():
                # Unavailable counters do not end conversations. The time is counted at the next tick.
                try:
                    await self._tick(sessions)
                except StoreError:
                    self._metrics.ledger_failures.add()
                except Exception:
                    # An error of one key must not stop the renewal of the leases of all other keys.
                    logger.exception("renewing the leases of running sessions failed")

    async def _tick(self, sessions: dict[str, _Running]) -> None:
        """Count the minutes and renew the leases of one key's running sessions."""
        running = {session: self._running[session] for session in sessions if session in self._running}
        if not running:
            return
        key = next(iter(running.values())).key
        if key.limits.sessions is not None:
            if self._own is not None:
                await self._own.renew(key.id, running, seconds=self._lease_seconds)
            await self._counters.renew(key.id, running, seconds=self._lease_seconds)
        if key.limits.minutes_per_day is not None:
            await self._count_minutes(key, key.limits.minutes_per_day, list(running.values()))

    async def _count_minutes(self, key: KeyRecord, limit: int, sessions: list[_Running]) -> None:
        now = self._clock()
        elapsed = [now - session.counted_until for session in sessions]
        # Updated before the query, so that a session that ends meanwhile only counts the rest.
        for session in sessions:
            session.counted_until = now
        try:
            used = await self._spend(self._counters, key, sum(elapsed))
        except StoreError:
            for session, seconds in zip(sessions, elapsed, strict=True):
                session.counted_until -= seconds
            raise
        if used >= limit * 60:
            for session in sessions:
                session.stop(1008, _used_up(limit))

    async def _spend(self, counters: Counters, key: KeyRecord, seconds: float) -> float:
        day = int(self._clock() // _DAY_SECONDS)
        return await counters.spend(f"{key.id}:{day}", max(0.0, seconds), keep=_KEEP_USAGE_SECONDS)

    async def _ask(self, question: Callable[[Counters], Awaitable[T]]) -> T:
        try:
            return await question(self._counters)
        except StoreError:
            self._metrics.ledger_failures.add()
            if self._own is not None:
                return await question(self._own)
            raise Unavailable(
                "Limits cannot be checked at the moment", retry_after=_RETRY_STORE_SECONDS
            ) from None

    def _too_many(self, limit: str, what: str, retry_after: int) -> TooManyRequests:
        self._metrics.limit_refusals.add(limit)
        return TooManyRequests(f"Limit of this API key: {what}", retry_after=retry_after)


def _used_up(minutes: int) -> str:
    return f"at most {minutes} minutes of conversation a day"
