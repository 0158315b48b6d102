"""How slowly the body of a request may come, and what happens to one that nobody reads.

A body that trickles in keeps a connection, a descriptor and a place among the running requests for as long as its
sender likes. Each body has a deadline and, after a start, a lowest average rate. An answer that is given before the
body has come in full ends the connection: the rest would otherwise keep it open just as long.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litestar.enums import ScopeType

from mascot_server.errors import RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.types import ASGIApp, Receive, Scope, Send

__all__ = ["LimitBodies", "Pace"]

_START_SECONDS: Final = 20.0
"""In which no rate is asked for: connections begin slowly, and a pause of a mobile one is no attack."""
_SMALL_WAIT_SECONDS: Final = 0.05
"""For the rest of a body when the answer is there: short bodies are under way and their connection can be kept."""
_LINGER_SECONDS: Final = 2.0
"""For a sender to read the answer. If its connection is closed while it sends, a reset can take the answer with it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How slowly a body may come.

    Attributes:
        seconds: Longest time it may take altogether.
        bytes_per_second: Lowest average rate after the first 20 seconds; 0 for none.
    """

    seconds: float
    bytes_per_second: float

    def allowed(self, received: int) -> float:
        """Return how many seconds may have been waited for a body of which so many bytes have come."""
        if not self.bytes_per_second:
            return self.seconds
        return min(self.seconds, _START_SECONDS + received / self.bytes_per_second)


class LimitBodies:
    """Holds the bodies of HTTP requests to a pace. An ASGI middleware; sockets pass it by.

    Args:
        app: The application.
        pace: How slowly bodies may come.
        clock: Seconds from any start.
    """

    def __init__(self, app: ASGIApp, pace: Pace, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._pace, self._clock = app, pace, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == ScopeType.HTTP:
            headers = dict(scope["headers"])
            if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
                body = _Body(receive, send, self._pace, self._clock, expects=b"expect" in headers)
                await self._app(scope, body.receive, body.send)
                return
        await self._app(scope, receive, send)


class _Body:
    def __init__(
        self,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
        pace: Pace,
        clock: Callable[[], float],
        *,
        expects: bool,
    ) -> None:
        self._receive, self._send, self._pace, self._clock = receive, send, pace, clock
        self._begun = not expects  # reading makes the server ask for a body whose sender waits to be asked
        self._complete = self._closing = False
        self._received = 0
        self._waited = 0.0

    async def receive(self) -> Any:
        """Give the next part of the body; afterwards whatever comes."""
        if self._complete:
            return await self._receive()
        self._begun = True
        allowed = self._pace.allowed(self._received)
        # Only waiting counts: time in which this server was busy is not the sender's.
        since = self._clock()
        try:
            async with asyncio.timeout(allowed - self._waited):
                message = await self._next()
        except TimeoutError:
            setting = "UPLOAD_SECONDS" if allowed >= self._pace.seconds else "UPLOAD_BYTES_PER_SECOND"
            raise RequestTimeout(f"The request body arrives too slowly (MASCOT_{setting})") from None
        self._waited += self._clock() - since
        return message

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start" and not self._complete:
            await self._discard(_SMALL_WAIT_SECONDS)
            if not self._complete:
                self._closing = True
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        elif self._closing and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._discard(_LINGER_SECONDS)
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _discard(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._begun and not self._complete:
                    await self._next()
        except TimeoutError:
            pass

    async def _next(self) -> Any:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message
