"""A circuit breaker: while Redis is known to be down, few requests are sent to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Breaker"]

_PAUSE_SECONDS: Final = 1.0


class Breaker:
    """Decides whether a request may be sent. After a failure, one request per second is allowed until one succeeds.

    Args:
        clock: Returns seconds from any start.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._retry_at: float | None = None

    @property
    def closed(self) -> bool:
        """Whether all requests are allowed: none has failed since the last success."""
        return self._retry_at is None

    def may_ask(self) -> bool:
        """Return whether the caller may try; it must then report the result."""
        if self._retry_at is None:
            return True
        if self._clock() < self._retry_at:
            return False
        # This caller tries. If it never reports the result, another caller may try in a second.
        self._retry_at = self._clock() + _PAUSE_SECONDS
        return True

    def succeeded(self) -> None:
        """Record that Redis answered."""
        self._retry_at = None

    def failed(self) -> None:
        """Record that Redis did not answer."""
        self._retry_at = self._clock() + _PAUSE_SECONDS
