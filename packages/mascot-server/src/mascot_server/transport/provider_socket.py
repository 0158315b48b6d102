"""The provider's WebSocket: a `websockets` connection without a queue or a task between it and the relay."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from mascot_server.transport.framing import ClientFrames, MessageReader, is_ping
from mascot_server.transport.intake import Intake
from mascot_server.transport.listener import ABNORMAL, PeerClosed

if TYPE_CHECKING:
    from websockets.protocol import Event

    from mascot_server.providers import codec
    from mascot_server.transport.listener import Listener

__all__ = ["MAX_MESSAGE", "ProviderSocket"]

MAX_MESSAGE: Final = 1 << 25
"""Bytes of the longest message of a provider: ten minutes of speech. A message may contain a whole audio item."""

_OPEN: Final = State.OPEN
"""Until Python 3.12, each look-up of a member of an enumeration calls a function."""
_HEAD_END: Final = b"\r\n\r\n"
_MAX_HEAD: Final = 1 << 16
_DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})

_LEAVE_SECONDS: Final = 5.0
"""Seconds for the provider to read the send buffer, and to answer our close frame."""


class ProviderSocket(ClientConnection):
    """A client connection that calls a listener as soon as a message is read.

    `websockets` does the opening and the closing handshake; only unfragmented messages use a faster path. For
    keepalive, any data from the provider counts, not only the answer to a ping.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: bytes | None = b""
        self._intake: Intake | None = None
        self._listener: Listener | None = None
        self._frames = ClientFrames()
        self._early: list[codec.Frame] = []
        self._leaving = False
        self._fragments = bytearray()
        self._fragments_are_text = False
        self._lost = False
        self._broken = ""
        self._alive = True
        self._last_ping = b""

    def listen(self, listener: Listener) -> None:
        """Deliver all messages to a listener from now on, earlier ones first."""
        self._listener = listener
        early, self._early = self._early, []
        for frame in early:
            listener.message_received(frame)
        if early:
            self.go_on()
        self._tell_if_gone()
        if self.paused:
            listener.congested()

    def write(self, frame: codec.Frame) -> None:
        """Send a message; does nothing once the connection is closed."""
        if self.protocol.state is _OPEN and not self.transport.is_closing():
            self.transport.write(self._frames(frame))

    def hold(self) -> None:
        """Pause reading until ``go_on``."""
        if self._intake is not None:
            self._intake.hold()

    def go_on(self) -> None:
        """Resume reading."""
        if self._intake is not None:
            self._intake.go_on()

    async def leave(self, code: int, reason: str) -> None:
        """Close the connection, and drop further messages of the provider.

        If the provider does not read or does not answer the close frame, the connection is aborted after a few seconds.
        """
        self._leaving = True
        self.go_on()
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self.close(code, reason)
        except TimeoutError:
            self.transport.abort()

    async def keepalive(self) -> None:
        """Ping the provider, and disconnect if no data arrives between two pings."""
        while self.ping_interval is not None:
            await asyncio.sleep(self.ping_interval)
            # While reading is paused, no answer can arrive; while the send buffer is full, no ping can be sent. The
            # relay limits how long that may last.
            if self.paused or (self._intake is not None and self._intake.held):
                self._alive = True
                continue
            if not self._alive:
                self._fail(
                    CloseCode.INTERNAL_ERROR,
                    "keepalive ping timeout",
                    f"the provider sent nothing for {self.ping_interval:g} s, nor answered a ping",
                )
                return
            self._alive = False
            self.protocol.send_ping(random.randbytes(4))  # noqa: S311 - it only has to differ from the last one
            self._send_pending()

    def data_received(self, data: bytes) -> None:
        """Process data from the network."""
        self._alive = True
        if self._intake is not None:
            self._intake.feed(data)
        elif self._head is None:
            super().data_received(data)
        else:
            self._take_head(self._head + data)

    def process_event(self, event: Event) -> None:
        """Process a frame that ``websockets`` has read."""
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode in _DATA:
            self._fragment(event)
        elif event.opcode is Opcode.CLOSE:
            self._tell_if_gone()
        else:
            super().process_event(event)

    def eof_received(self) -> None:
        """Handle the end of the peer's data. The loss of the connection is reported after all messages."""
        if self._intake is None or not self._intake.unread:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the loss of the connection."""
        if self._intake is None:
            self._ended(exc)
        else:
            self._intake.end(partial(self._ended, exc))

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

    def _ended(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost = True
        self._tell_if_gone()

    def _take_head(self, data: bytes) -> None:
        """Pass the handshake response to `websockets`, and the data after it to the message reader."""
        head, end, rest = data.partition(_HEAD_END)
        if not end and len(data) < _MAX_HEAD:
            self._head = data
            return
        self._head = None
        super().data_received(head + end)
        if self.protocol.state is State.OPEN:
            reader = MessageReader(self._deliver, self._defer, masked=False, max_size=MAX_MESSAGE)
            self._intake = Intake(self.transport, reader)
            self._intake.feed(rest)
        elif rest:
            super().data_received(rest)

    def _deliver(self, frame: codec.Frame) -> None:
        if self._leaving:
            return
        if self._listener is not None:
            self._listener.message_received(frame)
            return
        self._early.append(frame)
        self.hold()

    def _defer(self, data: bytes) -> bool:
        if self.paused and is_ping(data):
            # The answers would accumulate in memory. One for the last ping is enough (RFC 6455, section 5.5.3).
            self._last_ping = data
            return True
        super().data_received(data)
        protocol = self.protocol
        if protocol.parser_exc is not None:
            self._note_failure(f"the provider broke the WebSocket protocol: {protocol.parser_exc}")
        # After our close frame, the provider's close frame must still be read.
        return protocol.state is State.OPEN or (
            self._leaving and protocol.close_rcvd is None and protocol.parser_exc is None
        )

    def _fragment(self, frame: Frame) -> None:
        """Process one frame of a fragmented message."""
        if self._leaving:
            return
        if frame.opcode is not Opcode.CONT:
            self._fragments_are_text = frame.opcode is Opcode.TEXT
        # One buffer for all fragments: an object for each would need many times the memory of a short fragment.
        self._fragments += frame.data
        if not frame.fin:
            return
        message, self._fragments = bytes(self._fragments), bytearray()
        if not self._fragments_are_text:
            self._deliver(message)
            return
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA, "invalid UTF-8", "the provider sent text that is not UTF-8")
            return
        self._deliver(text)

    def _fail(self, code: CloseCode, reason: str, why: str) -> None:
        """Close the connection, and notify the listener at once: the peer may keep the connection open."""
        self.protocol.fail(code, reason)
        self._send_pending()
        self._note_failure(why)

    def _send_pending(self) -> None:
        if not self.transport.is_closing():
            self.send_data()

    def _note_failure(self, why: str) -> None:
        self._broken = self._broken or why
        self._tell_if_gone()

    def _tell_if_gone(self) -> None:
        close = self.protocol.close_rcvd
        if self._listener is None:
            return
        if close is not None:
            self._listener.gone(PeerClosed(close.code, close.reason))
        elif self._lost or self._broken:
            # The peer sent no close frame: either only we sent one, or the connection broke.
            self._listener.gone(PeerClosed(ABNORMAL, self._broken))
