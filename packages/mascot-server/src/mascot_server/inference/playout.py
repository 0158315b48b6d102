"""Playout deadlines of the audio of a conversation."""

from __future__ import annotations

__all__ = ["Playout"]


class Playout:
    """Computes the playout deadlines of one conversation.

    It assumes that the client starts to play when the first audio of a turn arrives, and plays without gaps while more
    audio is available.
    """

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        self._ends = 0.0

    def restart(self) -> None:
        """Begin a turn: its first audio is due at once."""
        self._ends = 0.0

    def due(self, now: float, seconds: float) -> float:
        """Return the playout deadline of the next `seconds` of audio, which arrive now."""
        due = max(now, self._ends)
        self._ends = due + seconds
        return due
