"""When the listener of a conversation needs its audio."""

from __future__ import annotations

__all__ = ["Playout"]


class Playout:
    """When the listener of one conversation will need its audio.

    The player is taken to start as soon as a turn's first audio is there, and to play on without a gap as long as
    there is more.
    """

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        self._ends = 0.0

    def restart(self) -> None:
        """Begin a turn: its first audio is needed at once."""
        self._ends = 0.0

    def due(self, now: float, seconds: float) -> float:
        """Return when the next `seconds` of audio, which arrive now, are needed."""
        due = max(now, self._ends)
        self._ends = due + seconds
        return due
