"""Carries one conversation: frames both ways until either side is gone, then the other is told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mascot_server.peers import ABNORMAL, NO_STATUS, PeerClosed, PeerStalled

if TYPE_CHECKING:
    from mascot_server.observe import Counters
    from mascot_server.peers import Peer
    from mascot_server.scheduler import Scheduler
    from mascot_server.session import Session

__all__ = ["Ending", "relay"]

_LAST_WORDS_SECONDS: Final = 30.0
"""How long a peer that takes no more may still be listened to."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended.

    Attributes:
        by: Who went first. The server itself does so only where it ends a conversation in mid-flight.
        code: WebSocket close code the other one was told; both, by the server.
        reason: And the reason.
    """

    by: Literal["app", "provider", "server"]
    code: int
    reason: str


async def relay(
    *, app: Peer, provider: Peer, session: Session, scheduler: Scheduler, counters: Counters
) -> Ending:
    """Relays until one side is gone and closes the other.

    Args:
        app: The app's socket, accepted.
        provider: The provider's socket, open.
        session: What happens to the frames on their way.
        scheduler: Predicts visemes.
        counters: Where audio messages are counted.

    Returns:
        How it ended.
    """
    pumps = (
        asyncio.create_task(_provider_to_app(app, provider, session, scheduler, counters)),
        asyncio.create_task(_app_to_provider(app, provider, session)),
    )
    try:
        ending = await _first_ending(pumps)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
    await (app if ending.by == "provider" else provider).close(ending.code, ending.reason)
    return ending


async def _first_ending(pumps: tuple[asyncio.Task[Ending | None], ...]) -> Ending:
    """Waits for the pump that knows how the conversation ended."""
    done, waiting = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    endings = [pump.result() for pump in pumps if pump in done]
    if not any(endings):
        # One side took no more. The pump that listens to it passes on what it had said before, then knows how it left.
        await asyncio.wait(waiting, timeout=_LAST_WORDS_SECONDS)
        endings = [pump.result() for pump in waiting if pump.done()]
    return next(filter(None, endings), Ending("app", 1011, "neither side is there any more"))


async def _provider_to_app(
    app: Peer, provider: Peer, session: Session, scheduler: Scheduler, counters: Counters
) -> Ending | None:
    """Returns how the provider left, or `None` once the app takes no more."""
    while True:
        try:
            received = session.receive(await provider.receive())
        except PeerClosed as closed:
            return _provider_gone(closed)
        prediction = None
        if received.audio is not None and received.stream is not None:
            counters.add("chunks")
            prediction = await scheduler.predict(received.stream, received.audio.data)
        elif received.undecodable is not None:
            counters.add("chunks_undecodable")
        # A provider that takes no more still has its last words to be heard.
        with suppress(PeerClosed):
            for frame in received.to_upstream:
                await provider.send(frame)
        try:
            for frame in session.release(received, prediction):
                await app.send(frame)
        except PeerStalled as stalled:
            return _app_gone(stalled)
        except PeerClosed:
            return None


async def _app_to_provider(app: Peer, provider: Peer, session: Session) -> Ending | None:
    """Returns how the app left, or `None` once the provider takes no more."""
    # Always inside `receive`: only then does the web server read on and see the app's pongs.
    while True:
        try:
            frame = session.receive_client(await app.receive())
        except PeerClosed as closed:
            return _app_gone(closed)
        try:
            await provider.send(frame)
        except PeerStalled as stalled:
            return _provider_gone(stalled)
        except PeerClosed:
            return None


def _provider_gone(closed: PeerClosed) -> Ending:
    if closed.code == ABNORMAL:
        return Ending("provider", 1011, closed.reason or "the provider's connection broke")
    return Ending("provider", _tellable(closed.code), closed.reason)


def _app_gone(closed: PeerClosed) -> Ending:
    if closed.code == ABNORMAL:
        return Ending("app", 1000, closed.reason)
    return Ending("app", _tellable(closed.code), closed.reason)


def _tellable(code: int) -> int:
    """The code itself where an endpoint may send it (RFC 6455, section 7.4), else the nearest one it may."""
    if code == NO_STATUS:
        return 1000
    sendable = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999  # noqa: PLR2004 - the ranges of the RFC
    return code if sendable else 1011
