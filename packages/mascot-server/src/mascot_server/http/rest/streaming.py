"""Streamed responses, and handling of clients that disconnect or stop reading."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from litestar.background_tasks import BackgroundTask
from litestar.response import Stream

from mascot_server.errors import Refusal
from mascot_server.http.rest.events import KEEP_ALIVE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from contextlib import AsyncExitStack

    from litestar import Request

__all__ = ["ClientGone", "event_stream", "unless_gone", "unless_stalled", "with_keep_alive"]

T = TypeVar("T")

_KEEP_ALIVE_SECONDS: Final = 10.0
"""Seconds between keep-alive comments: proxies close an idle connection after 30 to 60 seconds."""


class ClientGone(Refusal):
    """The client closed the connection, so this response is never read."""

    status = 499  # nginx's number for it


def event_stream(
    first: bytes, rest: AsyncIterator[bytes], resources: AsyncExitStack, *, stall_seconds: float
) -> Stream:
    """Return a response that streams events.

    Args:
        first: Events that are available already.
        rest: The events after them.
        resources: Resources of the events; closed when all is sent or the client has disconnected.
        stall_seconds: How long the client may leave an event unread.
    """

    async def events() -> AsyncIterator[bytes]:
        yield first
        async for event in with_keep_alive(rest, _KEEP_ALIVE_SECONDS):
            yield event

    return Stream(
        unless_stalled(events(), stall_seconds, resources.aclose),
        media_type="text/event-stream",
        # The second header prevents nginx from buffering events.
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        background=BackgroundTask(resources.aclose),
    )


async def unless_stalled(
    events: AsyncIterator[bytes], seconds: float, give_up: Callable[[], Coroutine[Any, Any, None]]
) -> AsyncIterator[bytes]:
    """Close the connection of a client that does not read, to free the memory of its response.

    Args:
        events: The events to send.
        seconds: Longest time until an event is sent and the next one is requested.
        give_up: Called after that time. No more events are sent then.
    """
    given_up: list[asyncio.Task[None]] = []

    def stalled() -> None:
        given_up.append(asyncio.ensure_future(give_up()))

    async for event in events:
        watch = asyncio.get_running_loop().call_later(seconds, stalled)
        try:
            yield event
        finally:
            watch.cancel()
        if given_up:
            return


async def with_keep_alive(events: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Yield the events, and a comment after each pause of `seconds`.

    Args:
        events: The events to send.
        seconds: Longest pause without a comment.
    """
    while True:
        coming = asyncio.ensure_future(anext(events, None))
        try:
            while not (await asyncio.wait({coming}, timeout=seconds))[0]:
                yield KEEP_ALIVE
        finally:
            coming.cancel()
        event = coming.result()
        if event is None:
            return
        yield event


async def unless_gone(request: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine for a request whose body was read, and cancel it if the client disconnects.

    Raises:
        ClientGone: The client has disconnected.
    """
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if gone := not working.done():
            working.cancel()
        await asyncio.wait({working, leaving})
    if gone:
        raise ClientGone("the client disconnected")
    return working.result()


async def _left(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
