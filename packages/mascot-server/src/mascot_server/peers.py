"""The two ends of a relay, an app's socket and a provider's, behind one small face."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from litestar.exceptions import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import WebSocket
    from websockets.asyncio.client import ClientConnection

    from mascot_server.codecs import Frame

__all__ = ["AppPeer", "Peer", "PeerClosed", "PeerStalled", "ProviderPeer", "deny"]

SEND_TIMEOUT: Final = 30.0
"""Seconds a peer may take none of what we send before it counts as gone.

Without it a reader that stalls would hold up the other side until that one's keepalive fails.
"""

NO_STATUS: Final = 1005
ABNORMAL: Final = 1006
_MAX_REASON_BYTES: Final = 123
"""Of a close frame (RFC 6455, section 5.5)."""


class PeerClosed(Exception):
    """A peer is gone.

    Attributes:
        code: Its WebSocket close code; 1005 for none, 1006 if the connection broke.
        reason: Its close reason.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class PeerStalled(PeerClosed):
    """A peer is still there, but takes nothing of what it is sent."""

    def __init__(self) -> None:
        super().__init__(ABNORMAL, "reads too slowly")


class Peer(Protocol):
    """One end of a relay."""

    async def receive(self) -> Frame:
        """Waits for the next message.

        Raises:
            PeerClosed: The peer is gone.
        """

    async def send(self, frame: Frame) -> None:
        """Sends a message, as text or binary by its type.

        Raises:
            PeerClosed: The peer is gone; `receive` tells how, after what it had still said.
            PeerStalled: It took nothing for too long.
        """

    async def close(self, code: int, reason: str) -> None:
        """Closes the connection; does nothing if it is closed already."""


class AppPeer:
    """The app's side: a socket that this server accepts.

    Args:
        socket: Not yet accepted.
        subprotocol: Selected if the app offers it.
    """

    def __init__(self, socket: WebSocket[Any, Any, Any], *, subprotocol: str | None = None) -> None:
        self._socket = socket
        self._subprotocol = subprotocol
        self._open = False

    async def accept(self) -> None:
        """Completes the handshake; does nothing if it is complete.

        Raises:
            PeerClosed: The app is gone.
        """
        if self._open:
            return
        offered = self._socket.scope.get("subprotocols", [])
        try:
            await self._socket.accept(
                subprotocols=self._subprotocol if self._subprotocol in offered else None
            )
        except (OSError, WebSocketDisconnect):
            raise PeerClosed(ABNORMAL) from None
        self._open = True

    async def turn_away(self, code: int, reason: str) -> None:
        """Accepts and closes at once, since a browser is told nothing of a refused handshake."""
        with suppress(PeerClosed):
            await self.accept()
            await self.close(code, reason)

    async def receive(self) -> Frame:
        """Waits for the app's next message."""
        try:
            event: Any = await self._socket.receive()
        except WebSocketDisconnect as error:
            self._open = False
            raise PeerClosed(error.code) from None
        if event["type"] == "websocket.disconnect":
            self._open = False
            raise PeerClosed(event.get("code") or NO_STATUS, event.get("reason") or "")
        text = event.get("text")
        frame: Frame = text if text is not None else event["bytes"]
        return frame

    async def send(self, frame: Frame) -> None:
        """Sends a message to the app."""
        event: Any = {"type": "websocket.send"}
        event["text" if isinstance(frame, str) else "bytes"] = frame
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._socket.send(event)
        except TimeoutError:
            raise PeerStalled from None
        except (OSError, WebSocketDisconnect):
            # The web server's word for a client that is gone.
            raise PeerClosed(ABNORMAL) from None

    async def close(self, code: int, reason: str) -> None:
        """Closes the app's socket."""
        if not self._open:
            return
        self._open = False
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._socket.close(code, _fitting(reason))
        except (OSError, WebSocketDisconnect, TimeoutError):
            return


class ProviderPeer:
    """The provider's side: a socket that this server opened."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> Frame:
        """Waits for the provider's next message."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def send(self, frame: Frame) -> None:
        """Sends a message to the provider."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._connection.send(frame)
        except ConnectionClosed as error:
            raise _closed(error) from None
        except TimeoutError:
            raise PeerStalled from None

    async def close(self, code: int, reason: str) -> None:
        """Closes the provider's socket; nobody may be receiving from it."""
        closing = asyncio.create_task(self._connection.close(code, _fitting(reason)))
        # Its answer comes after what it had already sent, which has to be read out of the way.
        with suppress(ConnectionClosed):
            while True:
                await self._connection.recv()
        await closing


async def deny(
    socket: WebSocket[Any, Any, Any], status: int, error: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Refuses a handshake with an HTTP status and a JSON body, by the ASGI extension for it.

    Servers without the extension answer 403, as they do for any close before accept.

    Args:
        socket: Not yet accepted.
        status: HTTP status.
        error: JSON body.
        headers: More headers of the answer.
    """
    await socket.receive()
    if "websocket.http.response" not in (socket.scope.get("extensions") or {}):
        await socket.close(1008)
        return
    fields = {"content-type": "application/json", "content-length": str(len(error)), **(headers or {})}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    start: Any = {"type": "websocket.http.response.start", "status": status, "headers": raw}
    body: Any = {"type": "websocket.http.response.body", "body": error}
    await socket.send(start)
    await socket.send(body)


def _closed(error: ConnectionClosed) -> PeerClosed:
    # Without a close frame of the peer's, ours may have been the only one, or the connection broke.
    received = error.rcvd
    return PeerClosed(ABNORMAL) if received is None else PeerClosed(received.code, received.reason)


def _fitting(reason: str) -> str:
    return reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
