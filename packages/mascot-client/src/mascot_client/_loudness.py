"""Estimate mouth shapes from the loudness, for audio without visemes."""

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

# Louder speech opens the mouth wider. The levels are for speech near full scale, as the providers send it.
_LADDER = ((-20.0, "wide"), (-30.0, "more"), (-42.0, "little"))
"""Minimum level in dBFS of each opening of the mouth. Below all levels the mouth is closed."""


def loudness_visemes(pcm: bytes, sample_rate: int, openings: Openings) -> tuple[VisemeEvent, ...]:
    """Return visemes that open the mouth by the loudness of the audio.

    Args:
        pcm: The audio, mono, little-endian PCM16. An odd last byte is ignored.
        sample_rate: The sample rate in Hz.
        openings: The shapes to use.

    Returns:
        The events, the first at 0 ms, with at least 20 ms between two of them. Empty if there is no audio.
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
