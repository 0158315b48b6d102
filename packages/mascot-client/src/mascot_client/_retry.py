"""Compute when to retry a request. This module sends no request and does not wait."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from mascot_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

# Too many requests, a gateway without a server, and a server that is overloaded or shuts down. In all these cases the
# request was not processed, so it can be repeated.
_PASSING = frozenset({429, 502, 503})

_FIRST_S = 0.5
_LONGEST_S = 8.0
_LONGEST_ASKED_S = 60.0
"""If ``Retry-After`` is longer than this, the error is raised, because a caller does not expect to wait so long."""


@dataclass(frozen=True, slots=True)
class Retries:
    """Compute exponential backoff with jitter and a limit. ``Retry-After`` has priority.

    Attributes:
        max_retries: Maximum number of retries.
        chance: Function that returns a new random number from 0 to 1.
    """

    max_retries: int
    chance: Callable[[], float] = field(default=random.random)

    def __post_init__(self) -> None:
        if self.max_retries < 0:
            raise ConfigurationError("max_retries", "must be 0 or more")

    def pause(self, done: int, status: int, retry_after_s: float | None) -> float | None:
        """Return the time to wait before the next retry, in seconds; ``None`` for no retry.

        Args:
            done: The number of retries so far.
            status: The status code of the response.
            retry_after_s: The time in seconds from the header ``Retry-After``.
        """
        if status not in _PASSING or done >= self.max_retries:
            return None
        backoff = min(math.ldexp(_FIRST_S, done), _LONGEST_S)
        # Jitter changes only half of the backoff, so that every client waits for some time.
        jittered = backoff * (1 + self.chance()) / 2
        if retry_after_s is None:
            return jittered
        # Jitter is added here too, so that clients that were rejected together do not retry together.
        return retry_after_s + jittered - backoff / 2 if retry_after_s <= _LONGEST_ASKED_S else None


def read_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the time in a ``Retry-After`` header in seconds (RFC 9110 §10.2.3); ``None`` if missing or invalid."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None
