"""Move the edges of silences to where the voice begins or ends by its level, and shorten phones that are too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tools.align.viterbi import SIL, Timed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

REACH = 12
"""Maximum shift of an edge, in frames of 5 ms."""
_SHORTEST = 6  # frames that a phone keeps
_ABOVE_DB = 10.0  # dB above the noise floor; a louder frame is speech
_SHARE = 0.4  # or by more than this share of the way up to the level of the speech
# Their beginnings or ends are as quiet as a silence, so the models' times are better.
_QUIET = frozenset(
    [
        "p",
        "b",
        "t",
        "d",
        "k",
        "ɡ",
        "q",
        "ʔ",
        "tʃ",
        "tɕ",
        "tʂ",
        "dʒ",
        "pʰ",
        "tʰ",
        "kʰ",
        "tɕʰ",
        "tʂʰ",
        "tˤ",
        "f",
        "θ",
        "h",
        "ħ",
        "tʲ",
        "dʲ",
        "pʲ",
        "bʲ",
        "kʲ",
        "ɡʲ",
        "tʃʲ",
    ]
)
# Frames of these phones beyond this number belong to the vowel, whose models are too similar to distinguish.
_AT_MOST = {"ʔ": 12, "ʕ": 14, "ɾ": 14, "h": 20, "ħ": 24, "ɥ": 20}


def shortened(phones: Sequence[Timed]) -> list[Timed]:
    """Return the phones; short kinds of phone give their surplus to the next (or, before a silence, to the last).

    Args:
        phones: Without gaps, in frames.
    """
    result = list(phones)
    for i in range(len(result)):
        one = result[i]
        excess = one.end - one.start - _AT_MOST.get(one.ipa, one.end)
        if excess <= 0:
            continue
        if i + 1 < len(result) and result[i + 1].ipa != SIL:
            result[i] = one._replace(end=one.end - excess)
            result[i + 1] = result[i + 1]._replace(start=one.end - excess)
        elif i and result[i - 1].ipa != SIL:
            result[i] = one._replace(start=one.start + excess)
            result[i - 1] = result[i - 1]._replace(end=one.start + excess)
    return result


def refined(phones: Sequence[Timed], levels: NDArray[np.float64]) -> list[Timed]:
    """Return the phones with better edges of silences.

    Args:
        phones: Without gaps, in frames.
        levels: Level of each frame in dB.
    """
    edges = [phone.start for phone in phones] + [phones[-1].end]
    quiet = [levels[p.start : p.end] for p in phones if p.ipa == SIL]
    loud = [levels[p.start : p.end] for p in phones if p.ipa != SIL]
    if not quiet or not loud:
        return list(phones)
    floor = float(np.percentile(np.concatenate(quiet), 20))
    limit = floor + min(_ABOVE_DB, _SHARE * (float(np.median(np.concatenate(loud))) - floor))
    for i in range(1, len(phones)):
        before, after = phones[i - 1], phones[i]
        low, high = edges[i - 1] + _SHORTEST, edges[i + 1] - _SHORTEST
        if SIL not in (before.ipa, after.ipa) or {before.ipa, after.ipa} & _QUIET or low > high:
            continue
        voiced = levels > limit if before.ipa == SIL else levels <= limit
        edges[i] = int(np.clip(_moved(edges[i], voiced), low, high))
    return [
        phone._replace(start=start, end=end)
        for phone, start, end in zip(phones, edges, edges[1:], strict=False)
    ]


def _moved(edge: int, reached: NDArray[np.bool_]) -> int:
    """Return the nearest frame at which `reached` becomes true, or the edge itself if there is none in range."""
    found = [
        at
        for at in range(max(1, edge - REACH), min(len(reached), edge + REACH + 1))
        if reached[at] and not reached[at - 1]
    ]
    return min(found, key=lambda at: abs(at - edge), default=edge)
