"""Mouth shapes from loudness alone, for audio that nobody described."""

from __future__ import annotations

import math
import sys
from array import array

from mascot_client.visemes import VisemeEvent

_FRAME_MS = 20
_FULL_SCALE = 32768.0

# The louder, the wider open. The levels are for speech recorded near full scale, as the providers send it.
_LADDER = ((-20.0, 2), (-30.0, 1), (-42.0, 4))
"""From a level in dBFS on: this viseme. Below all of them: 0."""


def loudness_visemes(pcm: bytes, sample_rate: int) -> tuple[VisemeEvent, ...]:
    """Open the mouth by the loudness of the sound.

    Args:
        pcm: signed 16-bit little-endian mono; an odd last byte is left out.
        sample_rate: in Hz.

    Returns:
        Changes of shape, the first at 0 ms, one at most every 20 ms. Empty for no audio.
    """
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    step = max(1, sample_rate * _FRAME_MS // 1000)
    visemes: list[VisemeEvent] = []
    for number, start in enumerate(range(0, len(samples), step)):
        shape = _shape(samples[start : start + step])
        if not visemes or visemes[-1].id != shape:
            visemes.append(VisemeEvent(shape, number * _FRAME_MS))
    return tuple(visemes)


def _shape(frame: array[int]) -> int:
    power = sum(sample * sample for sample in frame) / len(frame)
    level = 10 * math.log10(power / _FULL_SCALE**2) if power else -math.inf
    return next((viseme for above, viseme in _LADDER if level >= above), 0)
