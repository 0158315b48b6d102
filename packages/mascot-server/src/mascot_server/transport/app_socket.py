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

_MAX_EARLY_BYTES: Final = 2**16
"""Of frames that come before the handshake is answered; after more, reading waits for that."""

_CLOSE_SECONDS: Final = 5.0
"""For the app to answer a close frame; and, after that, to take what is still to be sent."""

_PROGRESS_SECONDS: Final = 5.0
"""How long an app may take nothing at all of what is still to be sent before its connection is closed."""


class AppSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol for one connection, which an application may also listen to and write to at once.

    Handshake and close are uvicorn's. Messages take a short cut, and once somebody listens they go to the listener in
    the moment they are read. Whatever the app sends is a sign of life, not only the answer to a ping.
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
        """Deliver all messages to a listener from now on, those that wait first; then ASGI has none left."""
        waiting, self.queue = self.queue, _Events(listener)
        self._listener = listener
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self.go_on()
        if not self.writable.is_set():
            listener.congested()

    def write(self, frame: Frame) -> None:
        """Send a message; does nothing once the connection is closed."""
        if self.conn.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(server_frame(frame))

    def hold(self) -> None:
        """Read no more until ``go_on``."""
        if self._intake is not None:
            self._intake.hold()

    def go_on(self) -> None:
        """Read again."""
        if self._intake is not None:
            self._intake.go_on()

    async def flush(self) -> None:
        """Wait until nearly all is sent.

        Raises:
            TimeoutError: The app takes nothing of it.
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
        """Close the connection at once, whatever is still to be sent."""
        self.transport.abort()

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
        # Too early: an answer to it, to a ping for instance, would come before that to the handshake.
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
        """Process the start of a message that the fast path did not read."""
        self.curr_msg_data_type = "text"
        self._begin(event)

    def handle_bytes(self, event: WireFrame) -> None:
        """Process the start of a message that the fast path did not read."""
        self.curr_msg_data_type = "bytes"
        self._begin(event)

    def handle_cont(self, event: WireFrame) -> None:
        """Process a further part of such a message."""
        # One buffer for all: an object for each fragment would be many times the size of a short one.
        self._fragments += event.data
        if event.fin:
            self._end_fragments()

    def keepalive_timeout(self) -> None:
        """Close the connection if the app did not answer a ping, unless it sent data or reading from it was paused."""
        held = self._intake is not None and self._intake.held
        if self._alive or held or not self.writable.is_set():
            # How long it may be held, or take nothing, is for the relay to decide.
            self.pong_timer = self.pending_ping_payload = None
            self.schedule_ping()
            return
        if self._listener is not None:
            why = f"the app sent nothing for {self.ping_timeout:g} s, nor answered a ping"
            self._listener.gone(PeerClosed(ABNORMAL, why))
        super().keepalive_timeout()

    def send_keepalive_ping(self) -> None:
        """Ask the app whether it is still there."""
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
        """Run the application for this connection, and sees to it that the connection ends after that."""
        await super().run_asgi()
        if not self.disconnected:
            # The transport waits until all is sent, which may be for ever.
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
            # For a frame that broke a rule, maybe. Nothing can follow, and uvicorn would raise.
            return
        await super().send(message)
        if self.close_sent:
            # The app's close frame is still to be read.
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
        if self.close_sent:
            return
        if self._listener is not None:
            self._listener.message_received(frame)
            return
        if isinstance(frame, str):
            self.queue.put_nowait({"type": "websocket.receive", "text": frame})
        else:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": frame})
        # The next one may come when somebody has taken this one.
        self.hold()

    def _defer(self, data: bytes) -> bool:
        if is_ping(data) and not self.writable.is_set():
            # The answers would pile up in memory. One to the last ping is enough (RFC 6455, section 5.5.3).
            self._last_ping = data
            return True
        if self.transport.is_closing():
            return False
        super().data_received(data)
        # After our close frame the app's is still to come.
        return self.conn.close_rcvd is None and not self.transport.is_closing()

    def _begin(self, event: WireFrame) -> None:
        self._fragments = bytearray(event.data)
        if event.fin:
            self._end_fragments()

    def _end_fragments(self) -> None:
        """Deliver a message that our own reader did not read."""
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
    """Where uvicorn puts an application's events, which go to a listener instead."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def put_nowait(self, event: Any) -> None:
        """Deliver an event."""
        tell(event, self._listener)
