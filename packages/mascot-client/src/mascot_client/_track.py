"""The mouth along the audio: segments end to end, each with the shapes of one message's audio."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """One message's audio.

    Attributes:
        start_ms: where it begins.
        end_ms: where it ends.
        cues: (position, viseme id) in ascending order of position, the first at ``start_ms``.
    """

    start_ms: float
    end_ms: float
    cues: tuple[tuple[float, int], ...]


class Track:
    """Segments without gaps. Before the first and after the last the mouth is closed."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self.end_ms = 0.0

    def append(self, duration_ms: float, cues: tuple[tuple[float, int], ...]) -> float:
        """Add a segment; cues are relative to it. Returns where it begins."""
        start = self.end_ms
        self.end_ms = start + duration_ms
        if duration_ms > 0:
            self._segments.append(_segment(start, self.end_ms, cues))
        return start

    def replace(self, start_ms: float, cues: tuple[tuple[float, int], ...]) -> bool:
        """Give the segment that begins at ``start_ms`` other cues; False where there is none."""
        index = self._index(start_ms)
        if index < 0 or self._segments[index].start_ms != start_ms:
            return False
        self._segments[index] = _segment(start_ms, self._segments[index].end_ms, cues)
        return True

    def cut(self, end_ms: float) -> None:
        """Forget everything from ``end_ms`` on."""
        self.end_ms = min(self.end_ms, end_ms)
        while self._segments and self._segments[-1].start_ms >= self.end_ms:
            self._segments.pop()
        if self._segments:
            last = self._segments[-1]
            cues = tuple(cue for cue in last.cues if cue[0] < self.end_ms)
            self._segments[-1] = replace(last, end_ms=min(last.end_ms, self.end_ms), cues=cues)

    def forget_before(self, position_ms: float) -> None:
        """Let go of segments that end before a position."""
        count = bisect_right(self._segments, position_ms, key=attrgetter("end_ms"))
        del self._segments[:count]

    @property
    def start_ms(self) -> float:
        """Where what is still known begins."""
        return self._segments[0].start_ms if self._segments else self.end_ms

    def shape(self, position_ms: float) -> int:
        """The viseme id at a position."""
        return next(self.spans(position_ms))[1]

    def spans(self, from_ms: float) -> Iterator[tuple[float, int]]:
        """(end, viseme id) of each stretch of one shape, from the one at ``from_ms`` on; the last ends at infinity."""
        shape = CLOSED
        index = self._index(from_ms)
        for segment in self._segments[max(index, 0) :]:
            for position, viseme in segment.cues:
                if position <= from_ms:
                    shape = viseme
                elif viseme != shape:
                    yield position, shape
                    shape = viseme
        if self.end_ms <= from_ms:
            shape = CLOSED
        elif shape != CLOSED:
            yield self.end_ms, shape
        yield math.inf, CLOSED

    def _index(self, position_ms: float) -> int:
        """The segment that holds a position, -1 before the first."""
        return bisect_right(self._segments, position_ms, key=attrgetter("start_ms")) - 1


def _segment(start: float, end: float, cues: tuple[tuple[float, int], ...]) -> Segment:
    placed = tuple((start + offset, viseme) for offset, viseme in cues if start + offset < end)
    return Segment(start, end, placed)
