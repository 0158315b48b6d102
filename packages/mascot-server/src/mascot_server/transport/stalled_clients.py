"""Closes the connections of clients that do not read their responses.

The event loop closes a connection only when its send buffer is empty. A client that stays connected and does not read
would keep its socket and the resources of its response forever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["StalledClientsProtocol"]

_BYTES_PER_SECOND: Final = 1024
"""Minimum rate at which a client must read a response. Working clients are faster."""


class StalledClientsProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also closes connections whose clients do not read a response.

    Attributes:
        stall_seconds: How long a client may not read.
    """

    stall_seconds: ClassVar[float]
    _watch: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Start the timeout: the send buffer is full."""
        super().pause_writing()
        self._watch_client()

    def resume_writing(self) -> None:
        """Stop the timeout: the send buffer has space again."""
        self._stop_watching()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Start the timeout for the end of a response, during which writing is not paused."""
        if self.transport.get_write_buffer_size():
            self._watch_client()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the WebSocket protocol."""
        self._stop_watching()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timeout."""
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_client(self) -> None:
        self._stop_watching()
        left = self.transport.get_write_buffer_size()
        self._watch = self.loop.call_later(self.stall_seconds, self._look, left)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left > before - self.stall_seconds * _BYTES_PER_SECOND and left:
            self.transport.abort()
        elif left:
            self._watch_client()
