"""The provider's socket: a connection of `websockets`, without a queue and a task between it and the relay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from mascot_server.framing import ClientFrames, MessageReader
from mascot_server.listener import ABNORMAL, PeerClosed

if TYPE_CHECKING:
    from websockets.protocol import Event

    from mascot_server import codecs
    from mascot_server.listener import Listener

__all__ = ["ProviderSocket"]

_HEAD_END: Final = b"\r\n\r\n"
_MAX_HEAD: Final = 1 << 16
_DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class ProviderSocket(ClientConnection):
    """A client's connection whose messages go to a listener in the moment they are read.

    Handshake, keepalive and close are those of `websockets`; only whole messages take a short cut.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: bytes | None = b""
        self._reader: MessageReader | None = None
        self._listener: Listener | None = None
        self._frames = ClientFrames()
        self._early: list[codecs.Frame] = []
        self._leaving = False
        self._fragments: list[bytes] = []
        self._fragments_are_text = False
        self._lost = False

    def listen(self, listener: Listener) -> None:
        """Gives all messages to a listener from now on, those that came before first."""
        self._listener = listener
        early, self._early = self._early, []
        for frame in early:
            listener.heard(frame)
        if early:
            self.go_on()
        self._tell_if_gone()
        if self.paused:
            listener.congested()

    def write(self, frame: codecs.Frame) -> None:
        """Sends a message; does nothing once the connection is closed."""
        if self.protocol.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(self._frames(frame))

    def hold(self) -> None:
        """Reads no more until `go_on`."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def go_on(self) -> None:
        """Reads again."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    async def leave(self, code: int, reason: str) -> None:
        """Closes the connection; what the peer still says is for nobody."""
        self._leaving = True
        self.go_on()
        await self.close(code, reason)

    def data_received(self, data: bytes) -> None:
        """Takes what came from the network."""
        if self._reader is not None:
            self._reader.feed(data)
        elif self._head is None:
            super().data_received(data)
        else:
            self._take_head(self._head + data)

    def process_event(self, event: Event) -> None:
        """Takes what `websockets` read."""
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode in _DATA:
            self._fragment(event)
        elif event.opcode is Opcode.CLOSE:
            self._tell_if_gone()
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        super().connection_lost(exc)
        self._lost = True
        self._tell_if_gone()

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

    def _take_head(self, data: bytes) -> None:
        """The answer to the handshake is for `websockets` to read, what follows it for the short cut."""
        head, end, rest = data.partition(_HEAD_END)
        if not end and len(data) < _MAX_HEAD:
            self._head = data
            return
        self._head = None
        super().data_received(head + end)
        if self.protocol.state is State.OPEN:
            self._reader = MessageReader(self._deliver, self._defer, masked=False, max_size=None)
            self._reader.feed(rest)
        elif rest:
            super().data_received(rest)

    def _deliver(self, frame: codecs.Frame) -> None:
        if self._leaving:
            return
        if self._listener is not None:
            self._listener.heard(frame)
            return
        self._early.append(frame)
        self.hold()

    def _defer(self, data: bytes) -> bool:
        super().data_received(data)
        return self.protocol.state is State.OPEN

    def _fragment(self, frame: Frame) -> None:
        """Takes a frame of a message in several frames."""
        if frame.opcode is not Opcode.CONT:
            self._fragments_are_text = frame.opcode is Opcode.TEXT
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        message, self._fragments = b"".join(self._fragments), []
        if not self._fragments_are_text:
            self._deliver(message)
            return
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.protocol.fail(CloseCode.INVALID_DATA, "invalid UTF-8")
            self.send_data()
            return
        self._deliver(text)

    def _tell_if_gone(self) -> None:
        close = self.protocol.close_rcvd
        if self._listener is None:
            return
        if close is not None:
            self._listener.gone(PeerClosed(close.code, close.reason))
        elif self._lost:
            # Without a close frame of the peer's, ours may have been the only one, or the connection broke.
            self._listener.gone(PeerClosed(ABNORMAL))
