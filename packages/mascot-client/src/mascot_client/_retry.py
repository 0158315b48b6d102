"""When to ask again, without asking and without waiting: statuses and headers in, seconds out."""

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

# Too many requests, a gateway without a server behind it, a server that is full or about to stop: none has done
# anything yet.
_PASSING = frozenset({429, 502, 503})

_FIRST_S = 0.5
_LONGEST_S = 8.0
_LONGEST_ASKED_S = 60.0
"""A server that wants a longer pause than this gets its error raised: no caller expects to hang so long."""


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with full jitter up to a limit; ``Retry-After`` counts more.

    Attributes:
        max_retries: How often to ask again.
        chance: A number from 0 to 1, anew each time.
    """

    max_retries: int
    chance: Callable[[], float] = field(default=random.random)

    def __post_init__(self) -> None:
        if self.max_retries < 0:
            raise ConfigurationError("max_retries", "must be 0 or more")

    def pause(self, done: int, status: int, retry_after_s: float | None) -> float | None:
        """Seconds to wait before asking again, None to leave it.

        Args:
            done: How often it was asked again already.
            status: Of the answer.
            retry_after_s: What the server wants.
        """
        if status not in _PASSING or done >= self.max_retries:
            return None
        backoff = min(math.ldexp(_FIRST_S, done), _LONGEST_S)
        # Half of it is certain, so that a server gets some rest from every client.
        jittered = backoff * (1 + self.chance()) / 2
        if retry_after_s is None:
            return jittered
        # Spread as well: clients that were turned away together must not come back together.
        return retry_after_s + jittered - backoff / 2 if retry_after_s <= _LONGEST_ASKED_S else None


def read_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110 §10.2.3), None for none or an unreadable one."""
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
