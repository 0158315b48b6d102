"""The app's socket under uvicorn, without a queue and a task between the network and the relay."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidState
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State

from mascot_server.asgi_socket import tell
from mascot_server.closing import shut_down
from mascot_server.framing import MessageReader, server_frame

if TYPE_CHECKING:
    from mascot_server.codecs import Frame
    from mascot_server.listener import Listener

__all__ = ["EXTENSION", "AppSocket"]

EXTENSION: Final = "mascot_server.socket"
"""Name in an ASGI scope's `extensions` under which the application finds its `AppSocket`."""

_MAX_EARLY_BYTES: Final = 2**16
"""Of frames that come before the handshake is answered; after more, reading waits for that."""


class AppSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol for one connection, which an application may also listen to and write to at once.

    Handshake, keepalive and close are uvicorn's. Messages take a short cut, and once somebody listens they go to the
    listener in the moment they are read.
    """

    _reader: MessageReader | None = None
    _listener: Listener | None = None
    _held = False
    _early = b""

    def listen(self, listener: Listener) -> None:
        """Gives all messages to a listener from now on, those that wait first; then ASGI has none left."""
        waiting, self.queue = self.queue, _Events(listener)
        self._listener = listener
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self._resume_reading()
        if not self.writable.is_set():
            listener.congested()

    def write(self, frame: Frame) -> None:
        """Sends a message; does nothing once the connection is closed."""
        if self.conn.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(server_frame(frame))

    def hold(self) -> None:
        """Reads no more until `go_on`."""
        self._held = True
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def go_on(self) -> None:
        """Reads again."""
        self._held = False
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def open(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Start with a handshake that was read already, once the connection is made.

        `websockets` would read it again, by limits of its own (8 KiB a line, 128 headers), and answer nothing if it
        breaks them. It is given the shortest request there is in its place.

        Args:
            target: Path and query.
            headers: Names in lower case, and values.
        """
        self.conn.receive_data(b"GET / HTTP/1.1\r\n\r\n")
        self.conn.events_received()
        # Those that the handshake needs are ASCII. The application gets all as they came.
        readable = [(name.decode("ascii"), value.decode("ascii", "replace")) for name, value in headers]
        ascii_only = [(name, value.replace("\ufffd", "?")) for name, value in readable]
        self._reader = MessageReader(
            self._deliver, self._defer, masked=True, max_size=self.config.ws_max_size
        )
        self.handle_connect(Request(target.decode("ascii"), Headers(ascii_only)))
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["headers"] = headers
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    def data_received(self, data: bytes) -> None:
        """Takes what came from the network."""
        if self.handshake_complete and self._reader is not None:
            self._reader.feed(data)
            return
        # Too early: an answer to it, to a ping for instance, would come before that to the handshake.
        self._early += data
        if len(self._early) > _MAX_EARLY_BYTES:
            self.transport.pause_reading()

    def start_keepalive(self) -> None:
        """Begins with pings, and with what came while the handshake was not answered."""
        super().start_keepalive()
        early, self._early = self._early, b""
        if early:
            self.transport.resume_reading()
            self.data_received(early)

    def send_receive_event_to_app(self) -> None:
        """Hands on a message that was not read by the short cut."""
        if self.curr_msg_data_type == "text" and not _is_text(self.frames):
            # uvicorn would log a traceback.
            self.frames = []
            self.conn.fail(CloseCode.INVALID_DATA, "text that is not UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()
        if self._listener is not None:
            self._resume_reading()

    def pause_writing(self) -> None:
        """The peer takes no more for now."""
        super().pause_writing()
        if self._listener is not None:
            self._listener.congested()

    def resume_writing(self) -> None:
        """The peer takes more again."""
        super().resume_writing()
        if self._listener is not None:
            self._listener.relieved()

    def shutdown(self) -> None:
        """Closes the connection because the server stops."""
        shut_down(self._shutdown, self.transport)

    def _shutdown(self) -> None:
        if self.close_timer is not None:
            # Its close frame is sent and not yet answered. uvicorn would close the connection now; what the app says
            # meanwhile would then be answered with a reset, which can keep the close frame from it. The answer or the
            # timer closes it, and uvicorn waits for that.
            return
        try:
            super().shutdown()
        except InvalidState:
            # Both close frames are sent, but TLS takes its time. uvicorn closes a second time, which fails and would
            # end the shutdown for everybody else.
            self.transport.close()

    def _deliver(self, frame: Frame) -> None:
        if self._listener is not None:
            self._listener.heard(frame)
            return
        if isinstance(frame, str):
            self.queue.put_nowait({"type": "websocket.receive", "text": frame})
        else:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": frame})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def _defer(self, data: bytes) -> bool:
        super().data_received(data)
        return self.conn.state is State.OPEN or self.conn.state is State.CONNECTING

    def _resume_reading(self) -> None:
        # uvicorn stops reading after every message until the application asks for it.
        if self.read_paused:
            self.read_paused = False
            if not self._held and not self.transport.is_closing():
                self.transport.resume_reading()


def _is_text(pieces: list[bytes]) -> bool:
    try:
        b"".join(pieces).decode()
    except UnicodeDecodeError:
        return False
    return True


class _Events(asyncio.Queue[Any]):
    """Where uvicorn puts an application's events, which go to a listener instead."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def put_nowait(self, event: Any) -> None:
        """Hands on an event."""
        tell(event, self._listener)
