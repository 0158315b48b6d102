"""A circuit breaker: what is known to be down is not asked again by everybody."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Breaker"]

_PAUSE_SECONDS: Final = 1.0


class Breaker:
    """Says whether to ask. After a failure one in a second may, until one succeeds.

    Args:
        clock: Seconds, of any origin.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._retry_at: float | None = None

    @property
    def closed(self) -> bool:
        """Whether everybody may ask: nothing has failed since the last success."""
        return self._retry_at is None

    def may_ask(self) -> bool:
        """Return whether the caller may try; it must then report the result."""
        if self._retry_at is None:
            return True
        if self._clock() < self._retry_at:
            return False
        # This one tries. Should it never report, the next one does in a second.
        self._retry_at = self._clock() + _PAUSE_SECONDS
        return True

    def succeeded(self) -> None:
        """Record that Redis answered."""
        self._retry_at = None

    def failed(self) -> None:
        """Record that Redis did not answer."""
        self._retry_at = self._clock() + _PAUSE_SECONDS
