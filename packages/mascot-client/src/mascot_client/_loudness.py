"""Mouth shapes from loudness alone, for audio that nobody described."""

from __future__ import annotations

import math
import sys
from array import array
from typing import TYPE_CHECKING

from mascot_client.visemes import VisemeEvent, VisemeId

if TYPE_CHECKING:
    from mascot_client._sets import Openings

_FRAME_MS = 20
_FULL_SCALE = 32768.0

# The louder, the wider open. The levels are for speech recorded near full scale, as the providers send it.
_LADDER = ((-20.0, "wide"), (-30.0, "more"), (-42.0, "little"))
"""From a level in dBFS on: how far the mouth is open. Below all of them it is closed."""


def loudness_visemes(pcm: bytes, sample_rate: int, openings: Openings) -> tuple[VisemeEvent, ...]:
    """Open the mouth by the loudness of the sound.

    Args:
        pcm: Signed 16-bit little-endian mono; an odd last byte is left out.
        sample_rate: In Hz.
        openings: The shapes to open it with.

    Returns:
        Changes of shape, the first at 0 ms, one at most every 20 ms. Empty for no audio.
    """
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    step = max(1, sample_rate * _FRAME_MS // 1000)
    visemes: list[VisemeEvent] = []
    for number, start in enumerate(range(0, len(samples), step)):
        shape = _shape(samples[start : start + step], openings)
        if not visemes or visemes[-1].id != shape:
            visemes.append(VisemeEvent(shape, number * _FRAME_MS))
    return tuple(visemes)


def _shape(frame: array[int], openings: Openings) -> VisemeId:
    power = sum(sample * sample for sample in frame) / len(frame)
    level = 10 * math.log10(power / _FULL_SCALE**2) if power else -math.inf
    opened = next((name for above, name in _LADDER if level >= above), "closed")
    shape: VisemeId = getattr(openings, opened)
    return shape
