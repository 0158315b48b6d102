"""Character alignments in the format of ElevenLabs' audio events."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mascot_server.simulators.core.voice import Chunk, Reply

__all__ = ["described", "described_late"]

_LATE = 3
"""One chunk in so many has its characters in the next one."""


def described(reply: Reply, cut: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
    """Yield the further fields of each chunk's event: an alignment, in ms from the start of the reply."""
    for chunk in cut:
        yield {"alignment": _alignment(reply, chunk.start_ms, _end(chunk))}


def described_late(reply: Reply, cut: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
    """Yield the same as newer versions send it.

    A reply is two stretches of speech, each with a clock of its own for its characters, and an `is_final` at its end.
    Some alignments come late, and the last one never.
    """
    half, told_ms = len(cut) // 2, 0
    for index, chunk in enumerate(cut):
        if index == len(cut) - 1:
            yield {"is_final": True}
        elif index % _LATE == 0 and index != half - 1:
            yield {}
        else:
            stretch_ms = 0 if index < half else cut[half].start_ms
            alignment = _alignment(reply, told_ms, _end(chunk), stretch_ms)
            told_ms = _end(chunk)
            yield {"alignment": alignment, "is_final": index == half - 1}


def _end(chunk: Chunk) -> int:
    return chunk.start_ms + chunk.duration_ms


def _alignment(reply: Reply, start_ms: int, end_ms: int, stretch_ms: int = 0) -> dict[str, list[Any]]:
    """Return the characters that begin between two times, with times in ms from the start of the stretch."""
    inside = [timed for timed in _characters(reply) if start_ms <= timed[1] < end_ms]
    return {
        "chars": [character for character, _, _ in inside],
        "char_start_times_ms": [start - stretch_ms for _, start, _ in inside],
        "char_durations_ms": [duration for _, _, duration in inside],
    }


@cache
def _characters(reply: Reply) -> tuple[tuple[str, int, int], ...]:
    """Every character of the text with its start and duration, the word's time shared out evenly."""
    timed: list[tuple[str, int, int]] = []
    end_ms = 0
    for word in reply.words:
        if timed:
            timed.append((" ", end_ms, word.start_ms - end_ms))
        size = len(word.word)
        length_ms = word.end_ms - word.start_ms
        starts = [word.start_ms + length_ms * index // size for index in range(size + 1)]
        timed += [
            (character, start, until - start)
            for character, (start, until) in zip(word.word, pairwise(starts), strict=True)
        ]
        end_ms = word.end_ms
    return tuple(timed)
