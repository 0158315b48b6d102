"""The app's WebSocket under uvicorn. Messages go to the relay without a queue or a task in between."""

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

from mascot_server.transport.asgi_socket import tell
from mascot_server.transport.closing import shut_down
from mascot_server.transport.framing import MessageReader, is_ping, server_frame
from mascot_server.transport.intake import Intake
from mascot_server.transport.listener import ABNORMAL, PeerClosed

if TYPE_CHECKING:
    from websockets.frames import Frame as WireFrame

    from mascot_server.providers.codec import Frame
    from mascot_server.transport.listener import Listener

__all__ = ["EXTENSION", "AppSocket"]

EXTENSION: Final = "mascot_server.socket"
"""Name in an ASGI scope's `extensions` under which the application finds its `AppSocket`."""

_OPEN: Final = State.OPEN
"""Until Python 3.12, each look-up of a member of an enumeration calls a function."""

_MAX_EARLY_BYTES: Final = 2**16
"""Most bytes of frames that are accepted before the handshake is answered; reading is paused after that."""

_CLOSE_SECONDS: Final = 5.0
"""Seconds for the app to answer a close frame, and then to read the remaining send buffer."""

_PROGRESS_SECONDS: Final = 5.0
"""How long an app may read nothing of the remaining send buffer before its connection is closed."""


class AppSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol for one connection, with callbacks for messages and direct writes.

    uvicorn does the opening and the closing handshake. Messages use a faster path: once there is a listener, it is
    called as soon as a message is read. For keepalive, any data from the app counts, not only the answer to a ping.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.close_timeout = _CLOSE_SECONDS
        self._intake: Intake | None = None
        self._listener: Listener | None = None
        self._alive = True
        self._last_ping = b""
        self._fragments = bytearray()
        self._cut_off: asyncio.TimerHandle | None = None
        self._early = b""

    def listen(self, listener: Listener) -> None:
        """Deliver all messages to a listener from now on, queued ones first. ASGI's `receive` gets no more messages."""
        waiting, self.queue = self.queue, _Events(listener)
        self._listener = listener
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self.go_on()
        if not self.writable.is_set():
            listener.congested()

    def write(self, frame: Frame) -> None:
        """Send a message; does nothing once the connection is closed."""
        if self.conn.state is _OPEN and not self.transport.is_closing():
            self.transport.write(server_frame(frame))

    def hold(self) -> None:
        """Pause reading until ``go_on``."""
        if self._intake is not None:
            self._intake.hold()

    def go_on(self) -> None:
        """Resume reading."""
        if self._intake is not None:
            self._intake.go_on()

    async def flush(self) -> None:
        """Wait until nearly all data is sent.

        Raises:
            TimeoutError: The app does not read.
        """
        left = self.transport.get_write_buffer_size()
        while not self.writable.is_set():
            try:
                async with asyncio.timeout(_PROGRESS_SECONDS):
                    await self.writable.wait()
            except TimeoutError:
                before, left = left, self.transport.get_write_buffer_size()
                if left >= before:
                    raise

    def abort(self) -> None:
        """Close the connection at once, and drop unsent data."""
        self.transport.abort()

    def open(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Start with a handshake that was already parsed. Call it after `connection_made`.

        `websockets` would parse it again with its own limits (8 KiB per line, 128 headers), and not answer if they are
        exceeded. So it gets a minimal request instead.

        Args:
            target: Path and query.
            headers: Names in lower case, and values.
        """
        self.conn.receive_data(b"GET / HTTP/1.1\r\n\r\n")
        self.conn.events_received()
        # The headers that the handshake needs are ASCII. The application gets all headers unchanged.
        readable = [(name.decode("ascii"), value.decode("ascii", "replace")) for name, value in headers]
        ascii_only = [(name, value.replace("\ufffd", "?")) for name, value in readable]
        reader = MessageReader(self._deliver, self._defer, masked=True, max_size=self.config.ws_max_size)
        self._intake = Intake(self.transport, reader)
        self.handle_connect(Request(target.decode("ascii"), Headers(ascii_only)))
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["headers"] = headers
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    def data_received(self, data: bytes) -> None:
        """Process data from the network."""
        self._alive = True
        if self.handshake_complete and self._intake is not None:
            self._intake.feed(data)
            return
        # Frames before the handshake is answered must wait: the answer to a ping would precede the handshake response.
        self._early += data
        if len(self._early) > _MAX_EARLY_BYTES:
            self.transport.pause_reading()

    def start_keepalive(self) -> None:
        """Start the pings, and process what arrived before the handshake was complete."""
        super().start_keepalive()
        early, self._early = self._early, b""
        if early:
            self.transport.resume_reading()
            self.data_received(early)

    def handle_text(self, event: WireFrame) -> None:
        """Process the first frame of a message that the fast path did not read."""
        self.curr_msg_data_type = "text"
        self._begin(event)

    def handle_bytes(self, event: WireFrame) -> None:
        """Process the first frame of a message that the fast path did not read."""
        self.curr_msg_data_type = "bytes"
        self._begin(event)

    def handle_cont(self, event: WireFrame) -> None:
        """Process a continuation frame of such a message."""
        # One buffer for all fragments: an object for each would need many times the memory of a short fragment.
        self._fragments += event.data
        if event.fin:
            self._end_fragments()

    def keepalive_timeout(self) -> None:
        """Close the connection if the app did not answer a ping, unless it sent data or reading from it was paused."""
        held = self._intake is not None and self._intake.held
        if self._alive or held or not self.writable.is_set():
            # The relay limits how long reading may be paused and how long the app may not read.
            self.pong_timer = self.pending_ping_payload = None
            self.schedule_ping()
            return
        if self._listener is not None:
            why = f"the app sent nothing for {self.ping_timeout:g} s, nor answered a ping"
            self._listener.gone(PeerClosed(ABNORMAL, why))
        super().keepalive_timeout()

    def send_keepalive_ping(self) -> None:
        """Send a keepalive ping to the app."""
        self._alive = False
        super().send_keepalive_ping()

    def pause_writing(self) -> None:
        """Notify the listener that the send buffer is full."""
        super().pause_writing()
        if self._listener is not None:
            self._listener.congested()

    def resume_writing(self) -> None:
        """Notify the listener that the send buffer has space again."""
        super().resume_writing()
        if self._last_ping:
            ping, self._last_ping = self._last_ping, b""
            self._defer(ping)
        if self._listener is not None:
            self._listener.relieved()

    async def run_asgi(self) -> None:
        """Run the application for this connection, and make sure that the connection is closed afterwards."""
        await super().run_asgi()
        if not self.disconnected:
            # Without a limit, the transport would wait until all data is sent, possibly forever.
            self._cut_off = self.loop.call_later(self.close_timeout + _CLOSE_SECONDS, self.transport.abort)

    async def receive(self) -> Any:
        """Return the next event for the application."""
        event = await self.queue.get()
        if self.queue.empty():
            self.go_on()
        return event

    async def send(self, message: Any) -> None:
        """Process an event of the application."""
        if self.close_sent:
            # The connection was closed, for example because of an invalid frame. uvicorn would raise here.
            return
        await super().send(message)
        if self.close_sent:
            # Resume reading: the app's close frame has not been read yet.
            self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the loss of the connection."""
        if self._cut_off is not None:
            self._cut_off.cancel()
        if self._intake is not None:
            self._intake.end()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection because the server stops."""
        shut_down(self._shutdown, self.transport)

    def _shutdown(self) -> None:
        if self.close_timer is not None:
            # Our close frame is sent but not answered. If uvicorn closed the connection now, data from the app would
            # cause a TCP reset, and the app might not receive the close frame. The app's answer or the timer closes
            # the connection, and uvicorn waits for that.
            return
        try:
            super().shutdown()
        except InvalidState:
            # Both close frames are sent, but the TLS shutdown is not complete. A second close by uvicorn would raise
            # and stop the shutdown of the other connections.
            self.transport.close()

    def _deliver(self, frame: Frame) -> None:
        if self.close_sent:
            return
        if self._listener is not None:
            self._listener.message_received(frame)
            return
        if isinstance(frame, str):
            self.queue.put_nowait({"type": "websocket.receive", "text": frame})
        else:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": frame})
        # Reading is resumed when the application has received this message.
        self.hold()

    def _defer(self, data: bytes) -> bool:
        if is_ping(data) and not self.writable.is_set():
            # The answers would accumulate in memory. One for the last ping is enough (RFC 6455, section 5.5.3).
            self._last_ping = data
            return True
        if self.transport.is_closing():
            return False
        super().data_received(data)
        # If only our close frame was sent, the app's close frame must still be read.
        return self.conn.close_rcvd is None and not self.transport.is_closing()

    def _begin(self, event: WireFrame) -> None:
        self._fragments = bytearray(event.data)
        if event.fin:
            self._end_fragments()

    def _end_fragments(self) -> None:
        """Deliver a fragmented message, which the fast path did not read."""
        message, self._fragments = bytes(self._fragments), bytearray()
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self._deliver(message)
            return
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.conn.fail(CloseCode.INVALID_DATA, "invalid UTF-8")
            self.handle_parser_exception()
            return
        self._deliver(text)


class _Events(asyncio.Queue[Any]):
    """Replaces the queue of ASGI events of uvicorn: events are delivered to a listener instead."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def put_nowait(self, event: Any) -> None:
        """Deliver an event."""
        tell(event, self._listener)
