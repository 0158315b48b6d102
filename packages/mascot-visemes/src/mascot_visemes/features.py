"""Log-mel features that look the same at every sample rate, computed as audio arrives.

A frame is 10 ms: frame ``k`` covers ``[10 k, 10 (k + 1))`` ms. It is described by the 25 ms that *end* where the
frame ends, so a frame is known as soon as it has been heard and nothing beyond it is needed.

There is no resampler. The spectrum is taken at the rate the audio comes in, scaled to a power density per hertz,
and gathered into mel bands whose edges are in hertz; so the same sound gives the same numbers at 8000 and at
48000 Hz, up to the bands that the lower rate cannot carry. Those read as empty (`LOG_FLOOR`), which is also what
band-limited sound reads as at a higher rate.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.kernels import KERNELS
from mascot_visemes.products import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FRAMES_PER_SECOND = 100
FRAME_MS = 1000 // FRAMES_PER_SECOND
BANDS = 40

_WINDOW_MS = 25
_LOW_HZ, _HIGH_HZ = 60.0, 7600.0
# Part of the Nyquist frequency below which a band counts as carried: above it resamplers and codecs roll off.
_CARRIED = 0.95
# Mean-square power per band, full scale being 1. 16-bit rounding noise lies a little below it.
_FLOOR = 1e-10
LOG_FLOOR = float(np.log(_FLOOR))
_LEVEL_FLOOR = 1e-12
_DB_PER_NEPER = np.float32(10.0 / np.log(10.0))
# Windows analysed at a time: few enough for their spectra to stay in a core's cache.
_BLOCK = 160


def _hz_to_mel(hz: float) -> float:
    """O'Shaughnessy's mel scale: ``2595 log10(1 + f / 700)``."""
    return float(2595.0 * np.log10(1.0 + hz / 700.0))


def _band_edges() -> NDArray[np.float64]:
    """Return the edges of the triangular bands in Hz, shape (BANDS + 2,); band ``b`` spans ``edges[b : b + 3]``."""
    mel = np.linspace(_hz_to_mel(_LOW_HZ), _hz_to_mel(_HIGH_HZ), BANDS + 2)
    hz: NDArray[np.float64] = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return hz


def _fast_length(least: int) -> int:
    """Shortest even transform of at least `least` samples that is quick: no prime factor above 5."""
    lengths = (2 * 2**a * 3**b * 5**c for a in range(12) for b in range(5) for c in range(5))
    return int(min(length for length in lengths if length >= least))


def band_centres() -> NDArray[np.float64]:
    """Frequency in Hz at which each band weighs most, shape (BANDS,)."""
    return _band_edges()[1:-1]


def _area_below(x: NDArray[np.float64], low: float, centre: float, high: float) -> NDArray[np.float64]:
    """Area under a unit-height triangle left of ``x`` (Hz), the triangle standing on ``low`` and ``high``."""
    rise = np.clip(x, low, centre) - low
    fall = high - np.clip(x, centre, high)
    left = rise**2 / (2 * (centre - low))
    right = (high - centre) / 2 - fall**2 / (2 * (high - centre))
    return left + right


def _packed(mel: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Pack a matrix of bands, shape (bins, bands), that is 0 outside a span of bins for each band.

    Returns:
        First bin of each band and the one after its last, shape (bands, 2); and the weights of all spans.
    """
    spans = [(int(used[0]), int(used[-1]) + 1) for used in map(np.flatnonzero, mel.T)]
    weights = np.concatenate([column[slice(*span)] for column, span in zip(mel.T, spans, strict=True)])
    return np.array(spans, np.int32), weights.astype(np.float32)


def frames_ended(samples: int, rate: int) -> int:
    """Return the number of frames that lie wholly within the first `samples` samples."""
    # Frame k ends at round((k + 1) rate / 100), halves up; solved for the count of k whose end is <= samples.
    return max(0, (FRAMES_PER_SECOND * (samples + 1) - FRAMES_PER_SECOND // 2 - 1) // rate)


def frames_begun(samples: int, rate: int) -> int:
    """Return the number of frames whose start lies before the end of the first `samples` samples."""
    return -(-samples * FRAMES_PER_SECOND // rate)


class FrontEnd:
    """The analysis for one sample rate: samples in, log-mel bands out. Immutable; share it.

    Args:
        rate: Samples per second.

    Attributes:
        rate: As given.
        length: Samples in a window.
        period: Samples after which the ends of frames fall alike again, the least number that is whole frames.
    """

    __slots__ = (
        "_carried",
        "_floors",
        "_hop",
        "_mel",
        "_spans",
        "_turns",
        "_weights",
        "_window",
        "length",
        "period",
        "rate",
    )

    def __init__(self, rate: int) -> None:
        self.rate = rate
        heard = (rate * _WINDOW_MS + 500) // 1000
        window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(heard) + 0.5) / heard)
        # Windows are as long as their transform, the first part weighing nothing: where the zeros stand moves the
        # phase alone, and cutting them with the rest is cheaper than adding them.
        self.length = _fast_length(heard)
        self._window = np.zeros(self.length, np.float32)
        self._window[self.length - heard :] = window
        self.period = rate // gcd(rate, FRAMES_PER_SECOND)
        # Samples from the end of one frame to the end of the next, or 0 if the number is not an integer.
        self._hop = 0 if rate % FRAMES_PER_SECOND else rate // FRAMES_PER_SECOND

        edges = _band_edges()
        spacing = rate / self.length
        bins = min(self.length // 2, int(_HIGH_HZ / spacing) + 1) + 1
        low = ((np.arange(bins) - 0.5) * spacing).astype(np.float64)
        high = low + spacing
        # Each bin gives a band the area the band's triangle has over that bin, rather than the triangle's height
        # at its centre: low bands are about as narrow as bins, and the grid of bins differs from rate to rate.
        triangles = [
            (float(a), float(b), float(c)) for a, b, c in zip(edges, edges[1:], edges[2:], strict=False)
        ]
        mel = np.stack([_area_below(high, *t) - _area_below(low, *t) for t in triangles], axis=1)
        density = 2.0 / (rate * float(np.sum(window**2)))
        self._carried = int(np.sum(edges[2:] <= _CARRIED * rate / 2 + 1e-6))
        mel = mel[:, : self._carried] * density
        self._spans, self._weights = _packed(mel)
        angles = 2 * np.pi * np.arange(self.length) / self.length
        self._turns = np.stack((np.cos(angles), -np.sin(angles))).astype(np.float32)
        # One column more, their sum, for the level; and the factor 1 / n of numpy's "forward" transform taken back.
        columns = np.zeros((bins, BANDS + 1))
        columns[:, : self._carried] = mel
        columns[:, BANDS] = mel.sum(axis=1)
        self._mel = (columns * float(self.length) ** 2).astype(np.float32)
        self._floors = np.array([_FLOOR] * BANDS + [_LEVEL_FLOOR], np.float32)

    def ends(self, first: int, count: int) -> NDArray[np.int64]:
        """Sample index at which frames ``first .. first + count - 1`` end, shape (count,)."""
        k = np.arange(first + 1, first + count + 1, dtype=np.int64)
        return (2 * k * self.rate + FRAMES_PER_SECOND) // (2 * FRAMES_PER_SECOND)

    def describe(self, samples: Floats, start: int, first: int, count: int) -> tuple[Floats, Floats]:
        """Describe frames ``first .. first + count - 1``.

        A stream reads the same, to the bit, whatever others are described with it.

        Args:
            samples: Part of the audio of streams, in -1..1, that holds the windows, contiguous, shape (streams, n).
            start: Number of its first sample in the streams.
            first: Number of the first frame.
            count: How many frames.

        Returns:
            Natural log of the power in each band, shape (streams, frames, BANDS), and the level of each window in dB
            relative to a full-scale square wave, shape (streams, frames).
        """
        if KERNELS is None:
            return self._with_numpy(self._windows(samples, start, first, count))
        starts = self.ends(first, count) - (start + self.length)
        bands, levels = (
            np.empty((len(samples), count, BANDS), np.float32),
            np.empty((len(samples), count), np.float32),
        )
        if count:
            KERNELS.analyse(
                samples,
                starts,
                len(samples),
                self._window,
                self._turns,
                len(self._mel),
                self._spans,
                self._weights,
                bands,
                levels,
            )
        return bands, levels

    def _windows(self, samples: Floats, start: int, first: int, count: int) -> Floats:
        """Return the windows of frames, shape (streams, count, length); may be a view."""
        size, (streams, heard) = samples.itemsize, samples.shape
        if self._hop and count:
            begin = (first + 1) * self._hop - self.length - start
            strides = (heard * size, self._hop * size, size)
            return np.ndarray((streams, count, self.length), np.float32, samples, begin * size, strides)
        shape, strides = (streams, heard - self.length + 1, self.length), (heard * size, size, size)
        every: Floats = np.ndarray(shape, np.float32, samples, 0, strides)
        return every[:, self.ends(first, count) - (start + self.length)]

    def _with_numpy(self, windows: Floats) -> tuple[Floats, Floats]:
        """Describe windows, shape (streams, frames, length), as `describe` does."""
        streams, frames, _ = windows.shape
        power = np.empty((streams, frames, BANDS + 1), np.float32)
        high = max(1, _BLOCK // max(1, frames))
        for top in range(0, streams, high):
            for start in range(0, frames, _BLOCK):
                some = slice(top, top + high), slice(start, start + _BLOCK)
                # numpy takes the unscaled transform of float32 in double precision and this one in single, which is
                # a third faster.
                spectrum = np.fft.rfft(windows[some] * self._window, norm="forward")
                # Squares of real and imaginary parts as they lie side by side; with numpy before 2 in double precision.
                parts = spectrum.view(spectrum.real.dtype)[..., : 2 * len(self._mel)]
                squares = np.square(parts, dtype=np.float32, casting="same_kind")
                product(squares[..., ::2] + squares[..., 1::2], self._mel, out=power[some])
        power += self._floors
        np.log(power, out=power)
        bands = power[..., :BANDS]
        if self._carried < BANDS:
            bands[..., self._carried :] = LOG_FLOOR
        return bands, power[..., BANDS] * _DB_PER_NEPER


def together(arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Stack arrays of one shape along a new first axis; a single array becomes a read-only view."""
    return arrays[0][None] if len(arrays) == 1 else np.array(arrays)


@lru_cache(maxsize=64)
def front_end(rate: int) -> FrontEnd:
    """Return the shared `FrontEnd` of a sample rate."""
    return FrontEnd(rate)


class FeatureStream:
    """Features of one stream of audio: keeps the tail that the next frames need. Audio before the start is zero.

    Args:
        rate: Samples per second.
    """

    __slots__ = ("_tail", "frames", "front", "samples")

    def __init__(self, rate: int) -> None:
        self.front = front_end(rate)
        self.reset()

    def reset(self) -> None:
        """Start again at the first sample."""
        self.samples = 0
        self.frames = 0
        self._tail = np.zeros(self.front.length, np.float32)

    def push(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Hear `samples` and describe the frames that end in them.

        Args:
            samples: Audio in -1..1, shape (n,), n from 0 up.

        Returns:
            Bands and levels, shapes (frames, BANDS) and (frames,), as from `FrontEnd.describe`, of the frames completed
            by this call (perhaps none).
        """
        bands, levels = self.push_together([self], samples[None])
        return bands[0], levels[0]

    @staticmethod
    def push_together(
        streams: Sequence[FeatureStream], samples: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the same bits as `push` for each of several streams, in less time.

        Args:
            streams: Of one rate, and as many samples into a `FrontEnd.period` each.
            samples: Audio for them, shape (streams, n).

        Returns:
            Bands, shape (streams, frames, BANDS), and levels, shape (streams, frames).
        """
        one = streams[0]
        front = one.front
        tails = together([stream._tail for stream in streams])
        heard = np.concatenate((tails, samples), axis=1, dtype=np.float32)
        added = samples.shape[1]
        ended = frames_ended(one.samples + added, front.rate) - one.frames
        bands, levels = front.describe(heard, one.samples - front.length, one.frames, ended)
        # The next frame ends at least one sample from here, so its window starts within this tail.
        for stream, tail in zip(streams, heard[:, added:].copy(), strict=True):
            stream.samples += added
            stream.frames += ended
            stream._tail = tail
        return bands, levels
