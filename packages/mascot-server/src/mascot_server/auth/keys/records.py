"""What is known of an API key: everything but the key itself."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

__all__ = ["KEY_PREFIX", "NO_LIMITS", "KeyLimits", "KeyRecord", "digest_of", "new_key"]

KEY_PREFIX: Final = "mascot_key_"
"""What a key starts with, so that people and secret scanners know one when they see it."""

_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """How much a key may be used; `None` is as much as one likes.

    Attributes:
        requests_per_minute: Requests and handshakes, of which a whole minute's worth may come at once.
        sessions: Conversations at once.
        minutes_per_day: Minutes of conversation in a day (UTC), those of simultaneous ones added up.
    """

    requests_per_minute: int | None = None
    sessions: int | None = None
    minutes_per_day: int | None = None


NO_LIMITS: Final = KeyLimits()


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key, but for the key.

    Attributes:
        id: Names it in commands, tokens and counters. No secret.
        name: What people call it.
        digest: SHA-256 of the key.
        created: When it was made.
        limits: How much it may be used.
        providers: Those it may be used for; empty for all.
        origins: Web pages that may use it, as origins; empty for any.
        revoked: When it was revoked, if it was.
    """

    id: str
    name: str
    digest: bytes = field(repr=False)
    created: datetime
    limits: KeyLimits = NO_LIMITS
    providers: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    revoked: datetime | None = None


def new_key(
    name: str,
    *,
    limits: KeyLimits = NO_LIMITS,
    providers: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
) -> tuple[str, KeyRecord]:
    """Create a key.

    Returns:
        The key, which nothing here keeps, and what is kept of it.
    """
    key = KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    record = KeyRecord(
        id=f"key-{secrets.token_hex(5)}",
        name=name,
        digest=digest_of(key),
        created=datetime.now(UTC),
        limits=limits,
        providers=providers,
        origins=origins,
    )
    return key, record


def digest_of(key: str) -> bytes:
    """Return the hash of a key, as it is stored.

    One round of SHA-256 is enough, and a slow password hash would add nothing but time to every request: those slow
    down guessing, and 256 random bits cannot be guessed.
    """
    return hashlib.sha256(key.encode()).digest()
