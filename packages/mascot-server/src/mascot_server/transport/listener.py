"""Callbacks for the events of a peer, and the ways in which a connection can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from mascot_server.providers.codec import Frame

__all__ = ["ABNORMAL", "NO_STATUS", "Listener", "PeerClosed", "PeerStalled"]

NO_STATUS: Final = 1005
ABNORMAL: Final = 1006


class PeerClosed(Exception):
    """A peer has disconnected.

    Attributes:
        code: Its WebSocket close code; 1005 for none, 1006 if the connection broke.
        reason: Its close reason.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class PeerStalled(PeerClosed):
    """A peer is still connected, but does not read."""

    def __init__(self) -> None:
        super().__init__(ABNORMAL, "reads too slowly")


class Listener(Protocol):
    """Callbacks of a peer's socket, called on the event loop in the order of the events."""

    def message_received(self, frame: Frame) -> None:
        """Handle a message of the peer."""

    def gone(self, closed: PeerClosed) -> None:
        """Handle the end of the connection, after all messages. Only the first of several calls counts."""

    def congested(self) -> None:
        """Handle a full send buffer: further messages to the peer accumulate in memory."""

    def relieved(self) -> None:
        """Handle a send buffer that has space again."""
