"""The events of a peer for its listener, and the ways in which a connection can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from mascot_server.providers.codec import Frame

__all__ = ["ABNORMAL", "NO_STATUS", "Listener", "PeerClosed", "PeerStalled"]

NO_STATUS: Final = 1005
ABNORMAL: Final = 1006


class PeerClosed(Exception):
    """A peer is gone.

    Attributes:
        code: Its WebSocket close code; 1005 for none, 1006 if the connection broke.
        reason: Its close reason.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class PeerStalled(PeerClosed):
    """A peer is still there, but takes nothing of what it is sent."""

    def __init__(self) -> None:
        super().__init__(ABNORMAL, "reads too slowly")


class Listener(Protocol):
    """Is called by a peer's socket, on the event loop, in the order in which things happen."""

    def message_received(self, frame: Frame) -> None:
        """The peer said something."""

    def gone(self, closed: PeerClosed) -> None:
        """The peer is gone, after all it had to say. May be called more than once; the first counts."""

    def congested(self) -> None:
        """The peer takes no more for now: what is sent to it piles up in memory."""

    def relieved(self) -> None:
        """It takes more again."""
