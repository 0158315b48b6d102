"""Change speech before it is scored: telephone audio, noise, pitch and other conditions.

===========  =================================================================================================
clean        the original recording
mulaw8k      resampled to 8 kHz (`scipy.signal.resample_poly`), rounded to 16 bits, G.711 µ-law bytes
noise10db    white Gaussian noise added, its mean square a tenth of that of the samples labelled as speech
pitch1.5x    pitch and formants 1.5 times as high at the same pace; pitch1.8x and pitch2x likewise
reverb       the echo of a large, bare room: 1.2 s until it has fallen by 60 dB, 3 dB above the direct sound
clip         40 dB louder, clipped at full scale
whisper      noise in place of the voice, with the spectral envelope and the level of each 25 ms
held         one vowel of an utterance, held for 3 s between silences (`bench.excerpts`)
words        isolated words, two per utterance, cut out and put between silences (`bench.excerpts`)
tones        no speech: ringback, dial and busy tones, drums, steps, in `bench.tones`
===========  =================================================================================================

Random numbers are seeded with the CRC-32 of the audio's name in the listing, so they are the same in every run and for
any selection of utterances. All audio is rounded to 16 bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.effects import clipped, pcm16, pitched, reverberant, seeded, signal, whispered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    import mascot_visemes as mv

_PITCHES = {"pitch1.5x": 1.5, "pitch1.8x": 1.8, "pitch2x": 2.0}

SAME_TIMES = ("clean", "mulaw8k", "noise10db", *_PITCHES, "reverb", "clip", "whisper")
"""Conditions that do not change the times of phones."""

CONDITIONS = (*SAME_TIMES, "held", "words", "tones")

_TELEPHONE_RATE = 8000
_NOISE_DB = -10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Audio for a stream.

    Attributes:
        samples: PCM16 or µ-law codes, shape (n,).
        rate: Samples per second.
        encoding: Encoding of the stream.
    """

    samples: NDArray[np.int16] | NDArray[np.uint8]
    rate: int
    encoding: mv.Encoding


def heard(
    condition: str,
    pcm: NDArray[np.int16],
    rate: int,
    *,
    name: str,
    phones: Sequence[tuple[float, float, str]],
) -> Heard:
    """Return a recording with a condition applied.

    Args:
        condition: One of `SAME_TIMES`.
        pcm: The recording, shape (n,).
        rate: Its samples per second.
        name: Name of the recording, which seeds the noise.
        phones: (start s, end s, phone), from which the level of the speech is taken.
    """
    if condition == "mulaw8k":
        return Heard(mulaw(_resampled(pcm, rate, _TELEPHONE_RATE)), _TELEPHONE_RATE, "mulaw")
    if condition == "noise10db":
        return Heard(_noisy(pcm, rate, name, phones), rate, "pcm16")
    if condition in _PITCHES:
        pcm = pitched(pcm, rate, _PITCHES[condition])
    elif condition == "reverb":
        pcm = reverberant(pcm, rate, name)
    elif condition == "clip":
        pcm = clipped(pcm)
    elif condition == "whisper":
        pcm = whispered(pcm, rate, name)
    return Heard(pcm, rate, "pcm16")


def mulaw(pcm: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return G.711 µ-law codes of PCM16, shape (n,): 14-bit magnitudes in eight segments, bits inverted."""
    bias, largest = 132, 32635
    magnitude = np.minimum(np.abs(pcm.astype(np.int32)), largest) + bias
    segment = np.frexp(magnitude)[1] - 8
    step = magnitude >> (segment + 3) & 15
    codes: NDArray[np.uint8] = (~(np.where(pcm < 0, 128, 0) | segment << 4 | step) & 255).astype(np.uint8)
    return codes


def _resampled(pcm: NDArray[np.int16], rate: int, wanted: int) -> NDArray[np.int16]:
    if rate == wanted:
        return pcm
    common = math.gcd(rate, wanted)
    return pcm16(signal().resample_poly(pcm.astype(np.float64), wanted // common, rate // common))


def _noisy(
    pcm: NDArray[np.int16], rate: int, name: str, phones: Sequence[tuple[float, float, str]]
) -> NDArray[np.int16]:
    audio = pcm.astype(np.float64)
    spoken = [audio[round(a * rate) : round(b * rate)] for a, b, phone in phones if phone != "SIL"]
    speech = np.concatenate(spoken) if spoken else audio
    level = math.sqrt(float(np.mean(speech**2)) * 10.0 ** (_NOISE_DB / 10.0)) if len(speech) else 0.0
    noise = seeded(name).standard_normal(len(audio))
    return pcm16(audio + level * noise)
