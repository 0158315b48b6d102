"""A peer that is too slow slows down the one at the other end, and is given up if it takes nothing at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.transport.peers import Peer

__all__ = ["Stall", "Valve"]


class Valve:
    """Reads from a peer while there is no reason not to.

    Args:
        peer: Which may be read.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._reasons: set[str] = set()

    def shut(self, reason: str) -> None:
        """Read no more, for one more reason."""
        if not self._reasons:
            self._peer.hold()
        self._reasons.add(reason)

    def open(self, reason: str) -> None:
        """Read again if this was the last reason not to."""
        if reason in self._reasons:
            self._reasons.remove(reason)
            if not self._reasons:
                self._peer.go_on()


class Stall:
    """Pauses reading from one peer while the send buffer of the other is full, and ends the conversation after a while.

    Args:
        source: Whose messages pile up.
        seconds: How long the peer may take nothing.
        give_up: Called after that.
    """

    def __init__(self, source: Valve, seconds: float, give_up: Callable[[], None]) -> None:
        self._source = source
        self._seconds = seconds
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Pause reading: the send buffer is full."""
        self._source.shut("congested")
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._give_up)

    def end(self) -> None:
        """Resume reading: the buffer has space again, or the conversation has ended."""
        self._source.open("congested")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
