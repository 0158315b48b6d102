"""Sample rate conversion, and the audio encodings of the providers.

Samples are one-dimensional int16 arrays, mono.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Encoding = Literal["pcm16", "mulaw", "alaw"]
"""``pcm16`` is signed 16-bit little-endian; ``mulaw`` and ``alaw`` are ITU-T G.711, one byte a sample."""


def resample(samples: NDArray[np.int16], source_rate: int, target_rate: int) -> NDArray[np.int16]:
    """Convert a whole recording to another rate by cutting or extending its spectrum.

    Exact for band-limited sound that begins and ends in silence, as the recordings of the simulators do.

    Args:
        samples: int16, shape ``(n,)``, where ``n * target_rate`` is a multiple of ``source_rate``.
        source_rate: rate of ``samples`` in Hz.
        target_rate: wanted rate in Hz.

    Returns:
        int16, shape ``(n * target_rate / source_rate,)``.
    """
    if source_rate == target_rate:
        return samples
    size = len(samples) * target_rate // source_rate
    spectrum = np.fft.rfft(samples.astype(np.float64))
    resampled = np.fft.irfft(spectrum[: size // 2 + 1], size) * (size / len(samples))
    return np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)


def encode(samples: NDArray[np.int16], encoding: Encoding) -> bytes:
    """Return the samples as bytes on the wire."""
    if encoding == "pcm16":
        return samples.astype("<i2").tobytes()
    levels, codes = _companding(encoding)
    # The index of the nearest level is the position of the sample among the midpoints between levels.
    midpoints = (levels[1:] + levels[:-1]) / 2
    return codes[np.searchsorted(midpoints, samples)].tobytes()


def decode(data: bytes, encoding: Encoding) -> NDArray[np.int16]:
    """Return the samples of bytes from the wire.

    Raises:
        ValueError: ``pcm16`` data of an odd number of bytes.
    """
    if encoding == "pcm16":
        if len(data) % 2:
            raise ValueError("16-bit samples need an even number of bytes")
        return np.frombuffer(data, "<i2").astype(np.int16)
    return _expansion(encoding)[np.frombuffer(data, np.uint8)]


@cache
def _expansion(encoding: Encoding) -> NDArray[np.int16]:
    """Return the linear value of each of the 256 codes (ITU-T G.711, tables 1 and 2, scaled to 16 bits)."""
    codes = np.arange(256)
    if encoding == "mulaw":
        codes = codes ^ 0xFF
        magnitude = ((((codes & 0x0F) << 3) + 0x84) << ((codes & 0x70) >> 4)) - 0x84
        negative = codes & 0x80 != 0
    else:
        codes = codes ^ 0x55
        segment = (codes & 0x70) >> 4
        magnitude = ((codes & 0x0F) << 4) + 8
        magnitude = np.where(segment > 0, (magnitude + 0x100) << np.maximum(segment - 1, 0), magnitude)
        negative = codes & 0x80 == 0
    return np.where(negative, -magnitude, magnitude).astype(np.int16)


@cache
def _companding(encoding: Encoding) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the levels in ascending order, and the code of each."""
    levels = _expansion(encoding).astype(np.float64)
    order = np.argsort(levels, kind="stable")
    return levels[order], order.astype(np.uint8)
