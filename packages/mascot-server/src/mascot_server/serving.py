"""Runs the application with uvicorn."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from mascot_server.errors import SettingsError

if TYPE_CHECKING:
    from litestar import Litestar

    from mascot_server.settings import Settings

__all__ = ["listen", "server_config"]


class _WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, but for how it is stopped."""

    def shutdown(self) -> None:
        """Closes the connection because the server stops."""
        try:
            super().shutdown()
        except InvalidState:
            # Both close frames are sent, but TLS takes its time. uvicorn closes a second time, which fails and would
            # end the shutdown for everybody else.
            self.transport.close()


def server_config(app: Litestar, settings: Settings) -> uvicorn.Config:
    """How uvicorn runs the application.

    Raises:
        SettingsError: Of certificate and key, one is missing or not a file.
    """
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        # uvicorn's other implementations inflate without bound or are deprecated.
        ws=_WebSocketProtocol,
        # Deflating base64 audio costs more than everything else here together and saves a quarter.
        ws_per_message_deflate=False,
        **_tls(settings),
    )


def listen(config: uvicorn.Config) -> socket.socket:
    """Binds the address and starts to listen, so that whoever learns the port can connect at once."""
    listener = config.bind_socket()
    # Accepted sockets inherit it. asyncio sets it itself only where the socket names TCP as its protocol, which this
    # one does not; without it a viseme message holds up the audio behind it until the app's delayed ACK, 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.listen(config.backlog)
    return listener


def _tls(settings: Settings) -> dict[str, Any]:
    files = {"MASCOT_TLS_CERT": settings.tls_cert, "MASCOT_TLS_KEY": settings.tls_key}
    if not any(files.values()):
        return {}
    for name, file in files.items():
        if file is None or not file.is_file():
            raise SettingsError(f"{name}: must name a PEM file; TLS takes both {' and '.join(files)}")
    return {"ssl_certfile": str(settings.tls_cert), "ssl_keyfile": str(settings.tls_key)}
