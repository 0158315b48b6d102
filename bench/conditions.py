"""Audio as a live stream would bring it: over the telephone, or in noise.

=========  ===================================================================================================
clean      the recording as it is
mulaw8k    resampled to 8 kHz (`scipy.signal.resample_poly`), rounded to 16 bits, G.711 µ-law bytes
noise10db  white Gaussian noise added, its mean square a tenth of that of the samples labelled as speech, rounded to
           16 bits; seeded with the CRC-32 of the audio's name in the listing, so the same in every run and for any
           selection of utterances
=========  ===================================================================================================
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    import mascot_visemes as mv

CONDITIONS = ("clean", "mulaw8k", "noise10db")

_TELEPHONE_RATE = 8000
_NOISE_DB = -10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a stream gets to hear.

    Attributes:
        samples: PCM16 or µ-law codes, shape (n,).
        rate: Samples per second.
        encoding: The stream's.
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
    """A recording under a condition.

    Args:
        condition: One of `CONDITIONS`.
        pcm: The recording, shape (n,).
        rate: Its samples per second.
        name: Of the recording: the seed of the noise.
        phones: (start s, end s, phone), from which the level of the speech is taken.
    """
    if condition == "mulaw8k":
        return Heard(mulaw(_resampled(pcm, rate, _TELEPHONE_RATE)), _TELEPHONE_RATE, "mulaw")
    if condition == "noise10db":
        return Heard(_noisy(pcm, rate, name, phones), rate, "pcm16")
    return Heard(pcm, rate, "pcm16")


def mulaw(pcm: NDArray[np.int16]) -> NDArray[np.uint8]:
    """G.711 µ-law codes of PCM16, shape (n,): 14-bit magnitudes in eight segments of sixteen steps, bits inverted."""
    bias, largest = 132, 32635
    magnitude = np.minimum(np.abs(pcm.astype(np.int32)), largest) + bias
    segment = np.frexp(magnitude)[1] - 8
    step = magnitude >> (segment + 3) & 15
    codes: NDArray[np.uint8] = (~(np.where(pcm < 0, 128, 0) | segment << 4 | step) & 255).astype(np.uint8)
    return codes


def _resampled(pcm: NDArray[np.int16], rate: int, wanted: int) -> NDArray[np.int16]:
    if rate == wanted:
        return pcm
    try:
        from scipy.signal import resample_poly  # noqa: PLC0415 - needed for this condition alone
    except ImportError:
        raise SystemExit("--condition mulaw8k needs scipy: pip install scipy") from None
    common = math.gcd(rate, wanted)
    return _pcm16(resample_poly(pcm.astype(np.float64), wanted // common, rate // common))


def _noisy(
    pcm: NDArray[np.int16], rate: int, name: str, phones: Sequence[tuple[float, float, str]]
) -> NDArray[np.int16]:
    audio = pcm.astype(np.float64)
    spoken = [audio[round(a * rate) : round(b * rate)] for a, b, phone in phones if phone != "SIL"]
    speech = np.concatenate(spoken) if spoken else audio
    level = math.sqrt(float(np.mean(speech**2)) * 10.0 ** (_NOISE_DB / 10.0)) if len(speech) else 0.0
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(len(audio))
    return _pcm16(audio + level * noise)


def _pcm16(audio: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.round(audio), -32768, 32767).astype(np.int16)
