"""What voices and microphones do to speech beyond the usual: high voices, held vowels, whispering, overload.

All keep the times of the labels, but for `held`, which tells the new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import get_window, resample

from tools.train.corpus import HOP, RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_WINDOW = 640  # samples that are taken over at once, 40 ms
_STEP = _WINDOW // 2
_SEARCH = 160  # samples to either side in which the best fit is looked for: half a period of 50 Hz
_SHORTEST_HELD = 5  # frames of a vowel that can be held
_EDGE = 1  # frames at either end of a vowel that stay as they are
_FFT, _FFT_STEP = 512, 128
_BROAD = 24  # bins over which a whisper's spectrum is smoothed: about 750 Hz


def stretched(audio: Samples, length: int) -> Samples:
    """The same speech made longer or shorter, shape (length,), pitch and formants kept.

    Windows of 40 ms are laid one over the other, each taken from where it fits on what is there (WSOLA, Verhelst and
    Roelands 1993).
    """
    if len(audio) < _WINDOW + 2 * _SEARCH or length < _WINDOW:
        return np.resize(audio, length) if len(audio) else np.zeros(length, np.float32)
    window = get_window("hann", _WINDOW).astype(np.float32)
    padded = np.pad(audio, (0, _WINDOW + _SEARCH))
    result = np.zeros(length + _WINDOW, np.float32)
    weight = np.zeros(length + _WINDOW, np.float32)
    ratio = (len(audio) - _WINDOW) / max(1, length - _WINDOW)
    wanted: Samples | None = None
    for out in range(0, length, _STEP):
        at = min(round(out * ratio), len(audio) - _WINDOW)
        if wanted is not None:
            low = max(0, at - _SEARCH)
            near = padded[low : at + _SEARCH + _WINDOW]
            # Every other sample is enough to find the fit.
            fit = np.correlate(near[::2], wanted[::2], "valid")
            at = min(low + 2 * int(fit.argmax()), len(audio) - 1)
        result[out : out + _WINDOW] += padded[at : at + _WINDOW] * window
        weight[out : out + _WINDOW] += window
        following = padded[at + _STEP : at + _STEP + _WINDOW]
        wanted = np.pad(following, (0, _WINDOW - len(following)))
    return np.asarray(result[:length] / np.maximum(weight[:length], 1e-3), np.float32)


def pitched(audio: Samples, factor: float) -> Samples:
    """Speech with pitch and formants times `factor`, as long as before."""
    longer = stretched(audio, round(len(audio) * factor))
    return np.asarray(resample(longer, len(audio)), np.float32)


def held(
    rng: np.random.Generator, audio: Samples, vowels: NDArray[np.bool_], most: int
) -> tuple[Samples, NDArray[np.int64]]:
    """Speech with one of its vowels held, as who sings or hesitates does.

    Args:
        rng: Of what is random.
        audio: Samples.
        vowels: Which frames are inside a vowel, a True for each.
        most: Frames that may be added.

    Returns:
        The audio, and for each of its frames which frame it was.
    """
    frames = np.arange(len(vowels))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], vowels.astype(np.int8), [0]))))
    runs = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= _SHORTEST_HELD]
    runs = [(a, b) for a, b in runs if (b + 1) * HOP <= len(audio)]
    if not runs or most < _SHORTEST_HELD:
        return audio, frames
    start, end = runs[rng.integers(len(runs))]
    start, end = start + _EDGE, end - _EDGE
    count = end - start + min(most, int(rng.uniform(20, 200)))
    middle = audio[start * HOP : end * HOP]
    # A steady piece is laid again and again, forwards and backwards, so that its ends fit.
    longer = stretched(
        np.resize(np.concatenate((middle, middle[::-1])), max(len(middle), 3 * _WINDOW)), count * HOP
    )
    which = start + np.arange(count) * (end - start) // count
    return (
        np.concatenate((audio[: start * HOP], longer, audio[end * HOP :])),
        np.concatenate((frames[:start], which, frames[end:])),
    )


def whispered(rng: np.random.Generator, audio: Samples) -> Samples:
    """Speech with noise in place of the voice: the spectrum of each moment smoothed, its phases at random."""
    window = np.hanning(_FFT + 1)[:-1].astype(np.float32)
    padded = np.pad(audio, (_FFT, _FFT))
    starts = np.arange(0, len(padded) - _FFT, _FFT_STEP)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[starts] * window
    power = np.abs(np.fft.rfft(frames)) ** 2
    kernel = np.hanning(_BROAD + 2)[1:-1]
    smooth = np.apply_along_axis(np.convolve, 1, power, kernel / kernel.sum(), "same")
    # A whisper lacks the low end of a voice.
    bins = np.arange(smooth.shape[1])
    smooth *= np.minimum(1.0, bins / (500.0 * _FFT / RATE)) ** 2
    phases = np.exp(2j * np.pi * rng.random(smooth.shape))
    parts = np.fft.irfft(np.sqrt(smooth) * phases) * window
    result = np.zeros(len(padded), np.float64)
    for start, part in zip(starts, parts, strict=True):
        result[start : start + _FFT] += part
    result = result[_FFT : _FFT + len(audio)]
    return np.asarray(result * np.sqrt(np.mean(audio**2) / (np.mean(result**2) + 1e-12)), np.float32)


def overloaded(rng: np.random.Generator, audio: Samples) -> Samples:
    """Speech that is 10 to 40 dB too loud for who records it."""
    peak = float(np.abs(audio).max()) + 1e-9
    return np.asarray(np.clip(audio / peak * 10.0 ** (rng.uniform(10.0, 40.0) / 20.0), -1.0, 1.0), np.float32)
