"""Records of API keys: everything that is stored of a key, which is all but the key itself."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

__all__ = ["KEY_PREFIX", "NO_LIMITS", "KeyLimits", "KeyRecord", "digest_of", "new_key"]

KEY_PREFIX: Final = "mascot_key_"
"""Prefix of each key, so that people and secret scanners recognise one."""

_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Limits of a key; `None` for no limit.

    Attributes:
        requests_per_minute: Requests and handshakes per minute. All those of a minute may come in one burst.
        sessions: Concurrent conversations.
        minutes_per_day: Minutes of conversation per day (UTC), added up over concurrent conversations.
    """

    requests_per_minute: int | None = None
    sessions: int | None = None
    minutes_per_day: int | None = None


NO_LIMITS: Final = KeyLimits()


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """The record of an API key, without the key itself.

    Attributes:
        id: Identifies the key in commands, tokens and counters. Not a secret.
        name: Name for people.
        digest: SHA-256 of the key.
        created: Time of creation.
        limits: Limits of the key.
        providers: Providers that it may be used for; empty for all.
        origins: Origins of the web pages that may use it; empty for any.
        revoked: Time of revocation; `None` if it is not revoked.
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
        The key, which is not stored, and its record.
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
    """Return the hash of a key, in the form that is stored.

    One round of SHA-256 is enough. A slow password hash makes guessing slow, but 256 random bits cannot be guessed; it
    would only add time to every request.
    """
    return hashlib.sha256(key.encode()).digest()
