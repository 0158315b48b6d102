"""The two ends of a relay, the app's and the provider's socket, behind one interface."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from litestar.exceptions import WebSocketDisconnect

from mascot_server.transport.app_socket import EXTENSION, AppSocket
from mascot_server.transport.asgi_socket import AsgiSocket
from mascot_server.transport.listener import ABNORMAL, PeerClosed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import WebSocket

    from mascot_server.providers.codec import Frame
    from mascot_server.transport.listener import Listener
    from mascot_server.transport.provider_socket import ProviderSocket

__all__ = ["AppPeer", "Peer", "PeerClosed", "ProviderPeer", "deny"]

_CLOSE_TIMEOUT: Final = 30.0
"""Seconds for a peer to read the remaining send buffer and our close frame."""

_MAX_REASON_BYTES: Final = 123
"""Longest reason of a close frame (RFC 6455, section 5.5)."""


class Peer(Protocol):
    """One end of a relay. All methods except `close` return at once."""

    def listen(self, listener: Listener) -> None:
        """Deliver all messages to a listener, from the first unread one."""

    def send(self, frame: Frame) -> None:
        """Send a message, as text or binary by its type; does nothing if the peer has disconnected."""

    def hold(self) -> None:
        """Pause reading, so that the peer's sending is slowed down."""

    def go_on(self) -> None:
        """Resume reading."""

    async def close(self, code: int, reason: str) -> None:
        """Close the connection; does nothing if it is closed already."""


class AppPeer:
    """The app's side: a socket that this server accepts.

    Args:
        socket: A socket that is not accepted yet.
        subprotocol: Selected if the app offers it.
    """

    def __init__(self, socket: WebSocket[Any, Any, Any], *, subprotocol: str | None = None) -> None:
        self._socket = socket
        self._subprotocol = subprotocol
        self._open = False
        self._link: AppSocket | AsgiSocket | None = None

    async def accept(self) -> None:
        """Complete the handshake; do nothing if it is complete.

        Raises:
            PeerClosed: The app has disconnected.
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

    async def reject(self, code: int, reason: str) -> None:
        """Accept the WebSocket and close it, because browsers do not show the status of a rejected handshake."""
        with suppress(PeerClosed):
            await self.accept()
            await self.close(code, reason)

    def listen(self, listener: Listener) -> None:
        """Deliver the app's messages to a listener."""
        extensions: Any = self._socket.scope.get("extensions") or {}
        link = extensions.get(EXTENSION)
        self._link = (
            link if isinstance(link, AppSocket) else AsgiSocket(self._socket.receive, self._socket.send)
        )
        self._link.listen(listener)

    def send(self, frame: Frame) -> None:
        """Send a message to the app."""
        if self._link is not None:
            self._link.write(frame)

    def hold(self) -> None:
        """Pause reading from the app."""
        if self._link is not None:
            self._link.hold()

    def go_on(self) -> None:
        """Resume reading from the app."""
        if self._link is not None:
            self._link.go_on()

    async def close(self, code: int, reason: str) -> None:
        """Close the app's socket; abort the connection if the app does not read the remaining send buffer."""
        if not self._open:
            return
        self._open = False
        self.go_on()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                if self._link is not None:
                    await self._link.flush()
                await self._socket.close(code, _fitting(reason))
        except TimeoutError:
            if isinstance(self._link, AppSocket):
                self._link.abort()
        except (OSError, WebSocketDisconnect):
            return


class ProviderPeer:
    """The provider's side: a socket that this server opened."""

    def __init__(self, socket: ProviderSocket) -> None:
        self._socket = socket
        self.listen = socket.listen
        self.send = socket.write
        self.hold = socket.hold
        self.go_on = socket.go_on

    async def close(self, code: int, reason: str) -> None:
        """Close the provider's socket."""
        await self._socket.leave(code, _fitting(reason))


async def deny(
    socket: WebSocket[Any, Any, Any], status: int, error: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Reject a handshake with an HTTP status and a JSON body, with ASGI's denial response extension.

    Servers without the extension answer 403, as they do for any close before accept.

    Args:
        socket: A socket that is not accepted yet.
        status: HTTP status.
        error: JSON body.
        headers: Further headers of the response.
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


def _fitting(reason: str) -> str:
    return reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
