"""The visemes along the audio, as consecutive segments, one for the audio of each message."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mascot_client.visemes import VisemeId
    from mascot_client.weights import BlendWeights


@dataclass(frozen=True, slots=True)
class Segment:
    """The audio of one message.

    Attributes:
        start_ms: The start in milliseconds.
        end_ms: The end in milliseconds.
        cues: Pairs (position, viseme), sorted by position. The first position is ``start_ms``.
        weights: The blend weights with column names, or ``None``.
    """

    start_ms: float
    end_ms: float
    cues: tuple[tuple[float, VisemeId], ...]
    weights: BlendWeights | None = None


class Track:
    """Consecutive segments without gaps. Before the first and after the last segment the mouth is closed.

    Args:
        closed: The viseme of a closed mouth.
    """

    def __init__(self, closed: VisemeId = 0) -> None:
        self.closed = closed
        self._segments: list[Segment] = []
        self.end_ms = 0.0

    def append(
        self,
        duration_ms: float,
        cues: tuple[tuple[float, VisemeId], ...],
        weights: BlendWeights | None = None,
    ) -> float:
        """Add a segment and return its start in milliseconds.

        Args:
            duration_ms: The length of the segment in milliseconds.
            cues: Pairs (offset, viseme). Offsets count from the start of the segment.
            weights: The blend weights.
        """
        start = self.end_ms
        self.end_ms = start + duration_ms
        if duration_ms > 0:
            self._segments.append(_segment(start, self.end_ms, cues, weights))
        return start

    def replace(
        self,
        start_ms: float,
        cues: tuple[tuple[float, VisemeId], ...],
        weights: BlendWeights | None = None,
    ) -> bool:
        """Replace the cues of the segment that starts at ``start_ms``; return False if there is no such segment."""
        index = self._index(start_ms)
        if index < 0 or self._segments[index].start_ms != start_ms:
            return False
        self._segments[index] = _segment(start_ms, self._segments[index].end_ms, cues, weights)
        return True

    def cut(self, end_ms: float) -> None:
        """Delete everything from ``end_ms`` on."""
        self.end_ms = min(self.end_ms, end_ms)
        while self._segments and self._segments[-1].start_ms >= self.end_ms:
            self._segments.pop()
        if self._segments:
            last = self._segments[-1]
            cues = tuple(cue for cue in last.cues if cue[0] < self.end_ms)
            self._segments[-1] = replace(last, end_ms=min(last.end_ms, self.end_ms), cues=cues)

    def forget_before(self, position_ms: float) -> None:
        """Delete the segments that end before a position."""
        count = bisect_right(self._segments, position_ms, key=attrgetter("end_ms"))
        del self._segments[:count]

    @property
    def start_ms(self) -> float:
        """The start of the first segment."""
        return self._segments[0].start_ms if self._segments else self.end_ms

    def shape(self, position_ms: float) -> VisemeId:
        """Return the viseme at a position."""
        return next(self.spans(position_ms))[1]

    def spans(self, from_ms: float) -> Iterator[tuple[float, VisemeId]]:
        """Yield (end, viseme) for each viseme from ``from_ms`` on; the last one ends at infinity."""
        shape = self.closed
        index = self._index(from_ms)
        for segment in self._segments[max(index, 0) :]:
            for position, viseme in segment.cues:
                if position <= from_ms:
                    shape = viseme
                elif viseme != shape:
                    yield position, shape
                    shape = viseme
        if self.end_ms <= from_ms:
            shape = self.closed
        elif shape != self.closed:
            yield self.end_ms, shape
        yield math.inf, self.closed

    def weights(self, position_ms: float) -> Mapping[str, float] | None:
        """Return blend weights at a position, interpolated between two rows.

        Audio without weights keeps the last weights before it while the mouth is open. After the end the last weights
        before it count: an interruption can end the audio in the middle of a segment, whose later rows are dropped.

        Returns:
            The weight of each column by name; ``None`` if the mouth is closed or there are no weights.
        """
        position_ms = min(position_ms, self.end_ms)
        index = min(self._index(position_ms), len(self._segments) - 1)
        if index < 0:
            return None
        segment = self._segments[index]
        if segment.weights is None:
            if self.shape(position_ms) == self.closed:
                return None
            before = (its for its in reversed(self._segments[:index]) if its.weights is not None)
            held = next(before, None)
            return None if held is None else _between(held, None, math.inf)
        following = self._segments[index + 1] if index + 1 < len(self._segments) else None
        return _between(segment, following, position_ms)

    def _index(self, position_ms: float) -> int:
        """Return the index of the segment at a position; -1 before the first."""
        return bisect_right(self._segments, position_ms, key=attrgetter("start_ms")) - 1


def _segment(
    start: float, end: float, cues: tuple[tuple[float, VisemeId], ...], weights: BlendWeights | None
) -> Segment:
    placed = tuple((start + offset, viseme) for offset, viseme in cues if start + offset < end)
    return Segment(start, end, placed, weights or None)


def _between(segment: Segment, following: Segment | None, position_ms: float) -> Mapping[str, float]:
    """Return weights interpolated between two rows; the second can be the first row of the next segment."""
    weights = segment.weights
    assert weights is not None  # noqa: S101 - checked by the caller
    step = 1000 / weights.fps
    first_ms = segment.start_ms + weights.offset_ms
    number = min(max((position_ms - first_ms) / step, 0.0), len(weights) - 1.0)
    row = weights.row(int(number))
    at_ms = first_ms + int(number) * step
    if int(number) + 1 < len(weights):
        other, other_ms = weights.row(int(number) + 1), at_ms + step
    elif following is not None and following.weights is not None:
        other, other_ms = following.weights.row(0), following.start_ms + following.weights.offset_ms
    else:
        return row
    share = min(max((position_ms - at_ms) / (other_ms - at_ms), 0.0), 1.0) if other_ms > at_ms else 1.0
    return {name: weight + share * (other.get(name, 0.0) - weight) for name, weight in row.items()}
