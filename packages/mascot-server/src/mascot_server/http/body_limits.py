"""Time limits for request bodies, and handling of bodies that are not read.

A body that is sent very slowly would occupy a connection, a file descriptor and a request slot without limit. So each
body has a deadline and, after the first seconds, a minimum average rate. A response that is sent before the body is
complete closes the connection, because the rest of the body could keep it open as well.
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
"""Seconds without a minimum rate: connections start slowly, and a pause of a mobile connection is not an attack."""
_SMALL_WAIT_SECONDS: Final = 0.05
"""Seconds to wait for the rest of a body before a response: short bodies arrive, and their connection can be kept."""
_LINGER_SECONDS: Final = 2.0
"""Seconds for a client to read the response. Closing while it still sends would reset the connection, and the response
could be lost."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Time limits for a body.

    Attributes:
        seconds: Longest total time.
        bytes_per_second: Minimum average rate after the first 20 seconds; 0 for none.
    """

    seconds: float
    bytes_per_second: float

    def allowed(self, received: int) -> float:
        """Return the most seconds of waiting that are allowed after the given number of bytes was received."""
        if not self.bytes_per_second:
            return self.seconds
        return min(self.seconds, _START_SECONDS + received / self.bytes_per_second)


class LimitBodies:
    """ASGI middleware that enforces time limits for the bodies of HTTP requests. It ignores WebSockets.

    Args:
        app: The application.
        pace: The time limits.
        clock: Returns seconds from any start.
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
        self._begun = not expects  # `Expect: 100-continue`: the client waits until the body is read
        self._complete = self._closing = False
        self._received = 0
        self._waited = 0.0

    async def receive(self) -> Any:
        """Return the next part of the body; after the body, return ASGI's next event."""
        if self._complete:
            return await self._receive()
        self._begun = True
        allowed = self._pace.allowed(self._received)
        # Only the time spent waiting counts, not the time in which this server was busy.
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
        """Send a part of the response."""
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
