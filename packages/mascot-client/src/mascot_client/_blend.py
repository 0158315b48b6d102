"""Soft movement: how much of each shape there is about a moment."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_client._track import Track
    from mascot_client.visemes import VisemeId

_SMALLEST = 1e-6


def blend(
    track: Track, position: float, width_ms: float, rested_ms: float = -math.inf
) -> Mapping[VisemeId, float]:
    """Each shape's share of a Hann window about a position: smooth in time, and always 1 together.

    Args:
        track: The shapes.
        position: The middle of the window.
        width_ms: Of the window; 0 for the shape at the position alone.
        rested_ms: Before this position the mouth counts as closed, whatever the track says.
    """
    half = width_ms / 2
    if position + half <= rested_ms:
        return MappingProxyType({track.closed: 1.0})
    if not half:
        return MappingProxyType({track.shape(position): 1.0})
    start = max(position - half, rested_ms)
    before = _share_before((start - position) / half)
    weights = {track.closed: before}
    for end, viseme in track.spans(start):
        reached = _share_before((end - position) / half)
        weights[viseme] = weights.get(viseme, 0.0) + reached - before
        before = reached
        if reached >= 1.0:
            break
    seen = {viseme: weight for viseme, weight in weights.items() if weight > _SMALLEST}
    total = sum(seen.values())
    return MappingProxyType({viseme: weight / total for viseme, weight in seen.items()})


def blend_rows(
    track: Track, position: float, width_ms: float, rested_ms: float, rest: Mapping[VisemeId, float]
) -> Mapping[VisemeId, float]:
    """Blend weights about a position; at the ends of the audio the mouth goes from rest and to it.

    The rows are smooth themselves, so the window only says how much of it lies within the audio.

    Args:
        track: The rows.
        position: The middle of the window.
        width_ms: Of the window; 0 for none.
        rested_ms: Before this position the mouth counts as at rest.
        rest: The weights of a mouth at rest.
    """
    start, end = max(rested_ms, 0.0), track.end_ms
    half = width_ms / 2
    if half:
        sounding = max(_share_before((end - position) / half) - _share_before((start - position) / half), 0.0)
    else:
        sounding = float(start <= position < end)
    row = track.weights(position) if sounding else None
    if row is None:
        return MappingProxyType(dict(rest))
    mixed: dict[VisemeId, float] = {
        name: sounding * weight + (1 - sounding) * rest.get(name, 0.0) for name, weight in row.items()
    }
    return MappingProxyType({name: weight for name, weight in mixed.items() if weight > _SMALLEST})


def _share_before(x: float) -> float:
    """How much of a Hann window over -1 to 1 lies before x."""
    if x <= -1:
        return 0.0
    return 1.0 if x >= 1 else (1 + x + math.sin(math.pi * x) / math.pi) / 2
