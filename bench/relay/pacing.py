"""Compute when a speaker's chunks are sent: in real time, in bursts, or a whole turn at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

__all__ = ["CHUNK_S", "MODES", "Pacing"]

CHUNK_S: Final = 0.1
"""Seconds of audio in a chunk."""

_SLACK_S: Final = 1e-6
MODES: Final[dict[str, float]] = {"steady": 1.0, "8x": 8.0, "turn": math.inf}
"""Speed of each mode, as a multiple of real time."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """The timetable of a speaker whose first turn begins at 0.

    Attributes:
        turn_chunks: Chunks in a turn; 0 for a turn that never ends.
        speed: How many times faster than real time a turn is sent; `math.inf` for all of it at once.
        duty: Share of the time that the speaker talks, above 0 and at most 1.
        continuous: Whether pauses are sent as silence; everything is then sent in real time.
    """

    turn_chunks: int = 0
    speed: float = 1.0
    duty: float = 1.0
    continuous: bool = False

    @classmethod
    def of(cls, mode: str, *, turn_s: float, duty: float, continuous: bool = False) -> Pacing:
        """Return the timetable of a mode of `MODES`; a speaker without pauses in real time has no turns."""
        if continuous:
            return cls(max(1, round(turn_s / CHUNK_S)), 1.0, duty, continuous=True)
        if mode == "steady" and duty == 1:
            return cls()
        return cls(max(1, round(turn_s / CHUNK_S)), MODES[mode], duty)

    @property
    def period_s(self) -> float:
        """Seconds after which the timetable repeats itself: sessions are spread evenly over them."""
        return self.turn_chunks * CHUNK_S / self.duty if self.turn_chunks else CHUNK_S

    def due(self, number: int) -> float:
        """Return the time in seconds at which a chunk is sent, counted from 0."""
        if not self.turn_chunks or self.continuous:
            return number * CHUNK_S / self.speed
        turn, place = divmod(number, self.turn_chunks)
        return turn * self.period_s + place * CHUNK_S / self.speed

    def speaks(self, number: int) -> bool:
        """Return whether a chunk is speech rather than silence."""
        return not self.continuous or number % round(self.period_s / CHUNK_S) < self.turn_chunks

    def first(self, since: float) -> int:
        """Return the first chunk that is due at `since` or later."""
        if self.continuous:
            number = max(0, math.floor(since / CHUNK_S) - 1)
        else:
            number = max(0, math.floor(since / self.period_s) - 1) * (self.turn_chunks or 1)
        while self.due(number) < since - _SLACK_S:
            number += 1
        return number
