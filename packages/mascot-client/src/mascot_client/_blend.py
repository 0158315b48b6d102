"""Blend weights at a position, for a smooth movement of the mouth."""

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
    """Return blend weights from the shapes in a Hann window around a position.

    Args:
        track: The shapes.
        position: The middle of the window, in milliseconds.
        width_ms: The width of the window in milliseconds. With 0, only the shape at the position is used.
        rested_ms: Before this position the mouth counts as closed, whatever the track contains.

    Returns:
        The weight of each shape. The weights sum to 1 and are smooth over time.
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
    """Return the blend weights of the server at a position, blended with the closed mouth at both ends of the audio.

    The rows are already smooth, so the window determines only how much of it is within the audio.

    Args:
        track: The rows.
        position: The middle of the window, in milliseconds.
        width_ms: The width of the window in milliseconds; 0 for no blending.
        rested_ms: Before this position the mouth counts as closed.
        rest: The weights of a closed mouth.

    Returns:
        The weight of each column by name.
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
    """Return the integral up to x of a Hann window from -1 to 1, whose total is 1."""
    if x <= -1:
        return 0.0
    return 1.0 if x >= 1 else (1 + x + math.sin(math.pi * x) / math.pi) / 2
