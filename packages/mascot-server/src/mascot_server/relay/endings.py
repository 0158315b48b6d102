"""How conversations end: which side ended first, and the close code for the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mascot_server.transport.listener import ABNORMAL, NO_STATUS

if TYPE_CHECKING:
    import asyncio

    from mascot_server.transport.listener import PeerClosed

__all__ = ["Ending", "app_gone", "conclude", "fail", "provider_gone"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended.

    Attributes:
        by: The side that ended first; ``server`` if the server itself ended a running conversation.
        code: WebSocket close code sent to the other side, or to both sides if the server ended it.
        reason: Close reason.
    """

    by: Literal["app", "provider", "server"]
    code: int
    reason: str


def conclude(over: asyncio.Future[Ending], ending: Ending) -> None:
    """End a conversation, unless it has already ended."""
    if not over.done():
        over.set_result(ending)


def fail(over: asyncio.Future[Ending], error: Exception) -> None:
    """End a conversation with an error of the server, unless it has already ended."""
    if not over.done():
        over.set_exception(error)


def provider_gone(closed: PeerClosed) -> Ending:
    """Return how a conversation ends when its provider has disconnected."""
    if closed.code == ABNORMAL:
        return Ending("provider", 1011, closed.reason or "the provider's connection broke")
    return Ending("provider", _tellable(closed.code), closed.reason)


def app_gone(closed: PeerClosed) -> Ending:
    """Return how a conversation ends when its app has disconnected."""
    if closed.code == ABNORMAL:
        return Ending("app", 1000, closed.reason)
    return Ending("app", _tellable(closed.code), closed.reason)


def _tellable(code: int) -> int:
    """Return the code if an endpoint may send it (RFC 6455, section 7.4), or else 1000 or 1011."""
    if code == NO_STATUS:
        return 1000
    sendable = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999  # noqa: PLR2004 - the ranges of the RFC
    return code if sendable else 1011
