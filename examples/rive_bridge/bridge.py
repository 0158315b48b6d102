"""Convert visemes to (time, input, value) for a Rive state machine. ``bridge.js`` is the same in JavaScript."""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mascot_client import Visemes

    Rig = Mapping[str, Any]

__all__ = ["RIGS", "Cue", "cues", "events_of"]

RIGS: Final[dict[str, Rig]] = json.loads(Path(__file__).with_name("rigs.json").read_text(encoding="utf-8"))
"""The conventions of rigs: a number, or the name of an input, for each SAPI viseme. See README.md."""


class Cue(NamedTuple):
    """A new value of an input.

    Attributes:
        time_ms: The time in milliseconds from the start of the audio.
        input: The name of the input in the state machine.
        value: The new value.
    """

    time_ms: int
    input: str
    value: int


def events_of(payloads: Iterable[Visemes]) -> Iterator[tuple[float, int]]:
    """Combine the payloads of a conversation into one sequence of events.

    Args:
        payloads: All payloads of mascot-client, also those without visemes, because their durations are needed.

    Yields:
        Pairs of a time, in milliseconds of audio since the first payload, and the SAPI viseme that starts then.
    """
    start = 0.0
    for payload in payloads:
        yield from ((start + viseme.offset_ms, int(viseme.id)) for viseme in payload.visemes)
        start += payload.audio_duration_ms


def cues(
    events: Iterable[tuple[float, int]], rig: Rig, *, blend_ms: int = 80, step_ms: int = 20
) -> list[Cue]:
    """Return the values to set on a rig while the audio is played.

    Args:
        events: Pairs of a time in milliseconds and the SAPI viseme that starts then, sorted. Before the first event the
            mouth is closed.
        rig: One of ``RIGS``, or your own rig in the same format.
        blend_ms: The duration of the transition between two shapes in milliseconds, centred on the change. It is used
            for rigs that blend.
        step_ms: The time between two updates during a transition, in milliseconds.

    Returns:
        The changes, sorted by time. At 0 all inputs are set.
    """
    track = [(-math.inf, 0), *events]
    states = _switching(track, rig) if rig["kind"] == "index" else _blending(track, rig, blend_ms, step_ms)
    found: list[Cue] = []
    before: dict[str, int] = {}
    for time_ms, values in states:
        found += [Cue(time_ms, name, value) for name, value in values.items() if before.get(name) != value]
        before = values
    return found


def _switching(track: list[tuple[float, int]], rig: Rig) -> Iterator[tuple[int, dict[str, int]]]:
    """Yield the value of the single input of a rig, at each event."""
    for start, viseme in track:
        yield math.floor(max(start, 0)), {rig["input"]: rig["values"][viseme]}


def _blending(
    track: list[tuple[float, int]], rig: Rig, blend_ms: int, step_ms: int
) -> Iterator[tuple[int, dict[str, int]]]:
    """Yield the values of all inputs of a rig that blends, at each step until the end of the last transition."""
    last = track[-1][0] + blend_ms / 2 if len(track) > 1 else 0
    for time_ms in range(0, math.ceil(last / step_ms) * step_ms + 1, step_ms):
        first, end = time_ms - blend_ms / 2, time_ms + blend_ms / 2
        near = track[
            bisect_right(track, first, key=itemgetter(0)) - 1 : bisect_left(track, end, key=itemgetter(0))
        ]
        shares = dict.fromkeys(rig["values"], 0.0)
        for (start, viseme), (until, _) in pairwise([*near, (math.inf, 0)]):
            shares[rig["values"][viseme]] += (min(until, end) - max(start, first)) / blend_ms
        yield time_ms, {name: math.floor(100 * share + 0.5) for name, share in shares.items()}
