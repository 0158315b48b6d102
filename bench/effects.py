"""Apply effects that do not change the times of phones: pitch, reverberation, clipping, whispering.

All functions take and return PCM16 of the same length, shape (n,).
"""

from __future__ import annotations

import zlib
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

_WINDOW_S = 0.03  # of the overlapping pieces that speech is stretched in
_SEARCH_S = 0.0075  # how far from its place such a piece may be taken
_REVERBERATION_S = 1.2  # until the echo has fallen by 60 dB
_ECHO_AFTER_S = 0.005
_ECHO_DB = 3.0  # energy of the echo above that of the direct sound
_ORDER = 18  # of linear prediction at 16 kHz
_FRAME_S = 0.025


def signal() -> ModuleType:
    """Return `scipy.signal`.

    Raises:
        SystemExit: scipy is not installed.
    """
    try:
        from scipy import signal as module  # noqa: PLC0415 - needed for some conditions alone
    except ImportError:
        raise SystemExit("this --condition needs scipy: pip install scipy") from None
    return module  # type: ignore[no-any-return]


def pcm16(audio: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return samples rounded to 16 bits, clipped at full scale."""
    return np.clip(np.round(audio), -32768, 32767).astype(np.int16)


def seeded(name: str) -> np.random.Generator:
    """Return a random generator that is seeded with a recording's name."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def pitched(pcm: NDArray[np.int16], rate: int, factor: float) -> NDArray[np.int16]:
    """Raise pitch and formants by a factor, at the same pace.

    The recording is stretched by the factor (W. Verhelst and M. Roelands, "An overlap-add technique based on waveform
    similarity (WSOLA)", ICASSP 1993), then resampled so that it is as long as before.
    """
    ratio = Fraction(factor).limit_denominator(10)
    longer = _stretched(pcm.astype(np.float64), rate, factor)
    audio = signal().resample_poly(longer, ratio.denominator, ratio.numerator)[: len(pcm)]
    return pcm16(np.pad(audio, (0, len(pcm) - len(audio))))


def _stretched(audio: NDArray[np.float64], rate: int, factor: float) -> NDArray[np.float64]:
    size = round(rate * _WINDOW_S) // 2 * 2
    half, search = size // 2, round(rate * _SEARCH_S)
    window = np.hanning(size + 1)[:size]
    padded = np.pad(audio, (search + half, 2 * size + 2 * search))
    count = int(len(audio) * factor) // half + 2
    result = np.zeros((count + 1) * half)
    wanted: NDArray[np.float64] | None = None  # what would follow the last piece in the recording
    for number in range(count):
        at = min(int(number * half / factor) + search, len(padded) - size - search - half)
        if wanted is not None:
            around = padded[at - search : at + search + size]
            at += int(np.correlate(around, wanted).argmax()) - search
        result[number * half : number * half + size] += window * padded[at : at + size]
        wanted = padded[at + half : at + half + size]
    return result[half:]


def reverberant(pcm: NDArray[np.int16], rate: int, name: str) -> NDArray[np.int16]:
    """Add the reverberation of a large, empty room: decaying noise that is seeded with `name`."""
    count = round(rate * _REVERBERATION_S)
    time = np.arange(count) / rate
    echo = seeded(name).standard_normal(count) * 10.0 ** (-3.0 * time / _REVERBERATION_S)
    echo[: round(rate * _ECHO_AFTER_S)] = 0.0
    echo *= np.sqrt(10.0 ** (_ECHO_DB / 10.0) / np.sum(echo**2))
    echo[0] = 1.0
    audio = pcm.astype(np.float64)
    wet = signal().fftconvolve(audio, echo)[: len(pcm)]
    return pcm16(wet * np.sqrt((np.mean(audio**2) + 1e-9) / (np.mean(wet**2) + 1e-9)))


def clipped(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """Amplify by 40 dB and clip at full scale."""
    return pcm16(100.0 * pcm.astype(np.float64))


def whispered(pcm: NDArray[np.int16], rate: int, name: str) -> NDArray[np.int16]:
    """Replace the voice by noise with its spectral envelope (linear prediction) and level, in blocks of 25 ms.

    It is a rough imitation: a real whisper has other formants and less energy in the low ones. The noise is seeded
    with `name`.
    """
    size = round(rate * _FRAME_S) // 2 * 2
    half = size // 2
    window = np.hanning(size + 1)[:size]
    noise = seeded(name).standard_normal(len(pcm) + 2 * size)
    audio = np.pad(pcm.astype(np.float64), (half, 2 * size))
    result = np.zeros(len(audio))
    order = max(8, round(_ORDER * rate / 16000))
    lfilter = signal().lfilter
    for at in range(0, len(pcm) + half, half):
        piece = audio[at : at + size] * window
        filtered, gain = _predicted(piece, order)
        made = lfilter([gain], filtered, noise[at : at + size])
        level = np.sqrt((np.mean(piece**2) + 1e-9) / (np.mean((made * window) ** 2) + 1e-9))
        result[at : at + size] += window * made * level
    return pcm16(result[half : half + len(pcm)])


def _predicted(piece: NDArray[np.float64], order: int) -> tuple[NDArray[np.float64], float]:
    """Return the filter of linear prediction, shape (order + 1,), and the gain of its residual (Levinson-Durbin)."""
    size = len(piece)
    power = np.fft.rfft(piece, 2 * size)
    correlation = np.fft.irfft(np.abs(power) ** 2)[: order + 1]
    correlation[0] = correlation[0] * (1 + 1e-5) + 1e-3
    taps = np.zeros(order + 1)
    taps[0] = 1.0
    error = float(correlation[0])
    for i in range(1, order + 1):
        reflection = -float(taps[:i] @ correlation[i:0:-1]) / error
        taps[1 : i + 1] += reflection * taps[i - 1 :: -1][:i]
        error *= 1.0 - reflection**2
    return taps, float(np.sqrt(error))
