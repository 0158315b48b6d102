"""`session_ttl` of `POST /v1/get-signed-url`: how long a signed URL can resume a conversation that it started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.auth.tokens import LIFETIME_SECONDS
from mascot_server.errors import BadRequest

if TYPE_CHECKING:
    from mascot_server.settings import Settings

__all__ = ["token_lifetime"]


def token_lifetime(session_ttl: object, settings: Settings) -> int:
    """Return the lifetime of a token in seconds.

    Args:
        session_ttl: The value in the request; ``None`` if it is missing.
        settings: Settings of this server.

    Raises:
        BadRequest: The value is invalid; the text names the field and the fix.
    """
    if session_ttl is None:
        return LIFETIME_SECONDS
    longest = settings.max_session_ttl_seconds
    if settings.single_use_tokens:
        raise _invalid(
            "remove it; signed URLs of this server start only one conversation (MASCOT_SINGLE_USE_TOKENS)"
        )
    if longest == 0:
        raise _invalid(
            "remove it; signed URLs of this server cannot resume a conversation (MASCOT_MAX_SESSION_TTL_SECONDS)"
        )
    if settings.workers > 1 and settings.redis_url is None:
        raise _invalid("remove it, or set MASCOT_REDIS_URL on this server: it has several processes")
    # `bool` is a subclass of `int` in Python.
    if type(session_ttl) is not int or not LIFETIME_SECONDS <= session_ttl <= longest:
        raise _invalid(f"must be a whole number of seconds from {LIFETIME_SECONDS} to {longest}")
    return session_ttl


def _invalid(problem: str) -> BadRequest:
    return BadRequest(f"Invalid request: session_ttl: {problem}")
