"""Back-pressure: a slow peer pauses reading from the other peer, and is disconnected if it reads nothing at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.transport.peers import Peer

__all__ = ["Stall", "Valve"]


class Valve:
    """Pauses reading from a peer while there is at least one reason to.

    Args:
        peer: The peer.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._reasons: set[str] = set()

    def shut(self, reason: str) -> None:
        """Add a reason to pause reading."""
        if not self._reasons:
            self._peer.hold()
        self._reasons.add(reason)

    def open(self, reason: str) -> None:
        """Remove a reason; resume reading if it was the last one."""
        if reason in self._reasons:
            self._reasons.remove(reason)
            if not self._reasons:
                self._peer.go_on()


class Stall:
    """Pauses reading from one peer while the send buffer of the other is full, and ends the conversation after a while.

    Args:
        source: The peer whose messages accumulate.
        seconds: How long the other peer may read nothing.
        give_up: Called after that time.
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
