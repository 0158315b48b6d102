"""When each character is spoken, the way ElevenLabs tells it beside its audio."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mascot_server.simulators.core.voice import Chunk, Reply


def alignment(reply: Reply, chunk: Chunk) -> dict[str, list[Any]]:
    """Return the characters that begin within the chunk, with times in ms from the chunk's start."""
    end_ms = chunk.start_ms + chunk.duration_ms
    inside = [timed for timed in _characters(reply) if chunk.start_ms <= timed[1] < end_ms]
    return {
        "chars": [character for character, _, _ in inside],
        "char_start_times_ms": [start - chunk.start_ms for _, start, _ in inside],
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
