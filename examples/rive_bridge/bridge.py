"""From visemes to (time, input, value): what to set on a Rive state machine, and when. ``bridge.js`` does the same."""

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
"""Each convention: a number, or the name of an input, for each SAPI viseme. README.md describes them."""


class Cue(NamedTuple):
    """An input takes a value.

    Attributes:
        time_ms: When, from the start of the audio.
        input: Its name in the state machine.
        value: What to set it to.
    """

    time_ms: int
    input: str
    value: int


def events_of(payloads: Iterable[Visemes]) -> Iterator[tuple[float, int]]:
    """Puts the payloads of a conversation one after the other.

    Args:
        payloads: Of mascot-client, every one, also those without visemes, because each has its duration.

    Yields:
        Milliseconds of audio since the first payload, and the SAPI viseme from then on.
    """
    start = 0.0
    for payload in payloads:
        yield from ((start + viseme.offset_ms, int(viseme.id)) for viseme in payload.visemes)
        start += payload.audio_duration_ms


def cues(
    events: Iterable[tuple[float, int]], rig: Rig, *, blend_ms: int = 80, step_ms: int = 20
) -> list[Cue]:
    """What to set on a rig while the audio plays.

    Args:
        events: Milliseconds and the SAPI viseme from then on, sorted; before the first the mouth is closed.
        rig: One of ``RIGS``, or one of yours in the same form.
        blend_ms: How long a rig that blends takes from one shape to the next, centred on the change.
        step_ms: How often its inputs are set meanwhile.

    Returns:
        Changes alone, sorted by time; at 0 every input is set.
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
    """The input of a rig that has one, at each event."""
    for start, viseme in track:
        yield math.floor(max(start, 0)), {rig["input"]: rig["values"][viseme]}


def _blending(
    track: list[tuple[float, int]], rig: Rig, blend_ms: int, step_ms: int
) -> Iterator[tuple[int, dict[str, int]]]:
    """Every input of a rig that blends, at each step until the last event is over."""
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
