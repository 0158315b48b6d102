"""The uvicorn server that runs the application."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import TYPE_CHECKING

import uvicorn

from mascot_server.errors import SettingsError
from mascot_server.process.garbage_collection import GarbageCollection
from mascot_server.process.tls import tls_options
from mascot_server.transport.app_socket import AppSocket
from mascot_server.transport.early_rejection import rejecting_protocol
from mascot_server.transport.request_heads import HeadLimits

if TYPE_CHECKING:
    from types import FrameType

    from litestar import Litestar

    from mascot_server.relay.shutdown import Drain
    from mascot_server.settings import Settings

__all__ = ["Server", "bind", "listen", "server_config"]

_BACKLOG = 2048

_AT_ONCE_SECONDS = 1
"""Time for connections that are being closed to release their resources."""


class Server(uvicorn.Server):
    """uvicorn's server with a graceful shutdown: uvicorn itself would close every conversation at the first signal.

    The first SIGTERM or SIGINT starts the drain, and the server stops when the drain is over. A second signal stops it
    at once.

    Args:
        config: uvicorn's configuration, as returned by `server_config`.
        drain: The drain of the application: `app.state.drain`.
        parent: Process id of the supervisor, if any. The server then also drains when the supervisor is gone, and only
            the supervisor decides that a signal is the second one: a terminal or systemd signals both processes, and
            the server would count the same signal twice.

    Attributes:
        cut_short: Whether it was stopped before the drain was over.
    """

    def __init__(self, config: uvicorn.Config, drain: Drain, *, parent: int | None = None) -> None:
        super().__init__(config)
        self._drain = drain
        self._parent = parent
        self._draining: asyncio.Task[None] | None = None
        self._garbage = GarbageCollection()
        self.cut_short = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        self._garbage.begin()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's
        """Handle a signal. uvicorn would raise it again at the end, so that the exit status would not be 0."""
        if self._parent is None and self._drain.draining:
            self.end_at_once()
        self._drain.begin()

    def end_at_once(self) -> None:
        """Close all connections and stop. May be called by a signal handler."""
        self.config.timeout_graceful_shutdown = _AT_ONCE_SECONDS
        # A server that is stopping already does not read the timeout again.
        self.force_exit = self.should_exit
        self.cut_short = self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Check every 100 ms whether to start or to finish the drain and whether to collect garbage."""
        self._garbage.look(
            ended=self._drain.ended,
            running=self._drain.running,
            answered=self.server_state.total_requests,
        )
        if self._parent is not None and os.getppid() != self._parent:
            self._drain.begin()
        if self._draining is None and self._drain.draining:
            self._draining = asyncio.create_task(self._drain.run())
        elif self._draining is not None and self._draining.done():
            self.should_exit = True
        return await super().on_tick(counter)


def server_config(app: Litestar, settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration for the application.

    Raises:
        SettingsError: Certificate and key cannot be used.
    """
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        http=rejecting_protocol(
            app.state.refusal,
            HeadLimits.of(settings),
            app.state.metrics,
            stall_seconds=settings.answer_stall_seconds,
        ),
        # uvicorn's other implementations decompress without a limit or are deprecated.
        ws=AppSocket,
        # Compressing base64 audio costs more than all other work of the relay and saves only a quarter.
        ws_per_message_deflate=False,
        **tls_options(settings),
    )


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Bind an address and start to listen, so that clients can connect as soon as the port is announced.

    Args:
        host: Address or name to listen on.
        port: The port; 0 selects a free one.
        shared: Share the port: the kernel distributes connections evenly over all sockets that listen on it (Linux).

    Raises:
        SettingsError: The port is in use, or the address is not one of this machine.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Accepted sockets inherit this option. asyncio sets it only if the socket's protocol number is TCP, which is
        # not the case here. Without it a viseme message delays the audio behind it until the app's delayed ACK, 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        fix = "; use port 0 for a free port" if error.errno == errno.EADDRINUSE else ""
        raise SettingsError(
            f"MASCOT_HOST, MASCOT_PORT: cannot listen on {host}:{port}: {error.strerror or error}{fix}"
        ) from None
    return listener


def listen(config: uvicorn.Config) -> socket.socket:
    """Bind the address of a configuration; see ``bind``."""
    return bind(config.host, config.port)
