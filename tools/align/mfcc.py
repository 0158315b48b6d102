"""Compute mel-frequency cepstral coefficients in the form of HTK: 13 with their first two derivatives."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16000
FRAMES_PER_SECOND = 200
_HOP = RATE // FRAMES_PER_SECOND
_WINDOW = 320  # 20 ms
_FFT = 512
_BANDS = 24
_CEPSTRA = 13
_REACH = 4  # frames on each side of a derivative


def mfcc(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the features of a recording.

    Args:
        samples: PCM16 at 16 kHz, shape (n,).

    Returns:
        Shape (frames, 39), 200 a second; frame i is centred on 5 i + 2.5 ms.
    """
    audio = samples.astype(np.float32) / 32768.0
    audio = np.append(audio[:1], audio[1:] - 0.97 * audio[:-1])
    frames = len(samples) // _HOP
    padded = np.pad(audio, (_WINDOW // 2 - _HOP // 2, _WINDOW))
    at = np.arange(frames)[:, None] * _HOP + np.arange(_WINDOW)
    spectrum = np.abs(np.fft.rfft(padded[at] * np.hamming(_WINDOW), _FFT)) ** 2
    bands = np.log(spectrum @ _mel_bands() + 1e-7)
    cepstra = bands @ _dct()
    first = _slope(cepstra)
    return np.concatenate([cepstra, first, _slope(first)], axis=1).astype(np.float32)


def levels(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the level of each frame in dB below full scale, shape (frames,), over 20 ms."""
    frames = len(samples) // _HOP
    power = np.pad((samples.astype(np.float64) / 32768.0) ** 2, (_WINDOW // 2 - _HOP // 2, _WINDOW))
    total = np.concatenate([[0.0], np.cumsum(power)])
    start = np.arange(frames) * _HOP
    result: NDArray[np.float64] = 10 * np.log10((total[start + _WINDOW] - total[start]) / _WINDOW + 1e-10)
    return result


def normalised(features: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Return the features of one speaker's recordings with mean 0 and variance 1 over all of them."""
    together = np.concatenate(features)
    mean, scale = together.mean(axis=0), together.std(axis=0) + 1e-3
    return [(one - mean) / scale for one in features]


def _slope(values: NDArray[np.floating]) -> NDArray[np.floating]:
    padded = np.pad(values, ((_REACH, _REACH), (0, 0)), mode="edge")
    count = len(values)
    total = sum(
        k * (padded[_REACH + k : _REACH + k + count] - padded[_REACH - k : _REACH - k + count])
        for k in range(1, _REACH + 1)
    )
    return np.asarray(total) / (2 * sum(k * k for k in range(1, _REACH + 1)))


@cache
def _mel_bands() -> NDArray[np.float64]:
    """Return triangular filters between 80 and 7600 Hz, shape (bins, bands)."""
    edges = 700 * (10 ** (np.linspace(_mel(80.0), _mel(7600.0), _BANDS + 2) / 2595) - 1)
    bins = np.arange(_FFT // 2 + 1) * RATE / _FFT
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


@cache
def _dct() -> NDArray[np.float64]:
    at = (np.arange(_BANDS) + 0.5) * np.pi / _BANDS
    cosines: NDArray[np.float64] = np.cos(at[:, None] * np.arange(_CEPSTRA)) * np.sqrt(2 / _BANDS)
    return cosines
