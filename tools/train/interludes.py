"""Sound between speech that moves no mouth: breaths, and music as it is played to who holds the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfilt

from tools.train.corpus import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_MUSIC_SHARE = 0.5
_ROOTS = np.arange(40, 68)  # MIDI numbers
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7))
_PARTIALS = 8
_BROKEN_SHARE, _DRUM_SHARE = 0.5, 0.4


def interlude(rng: np.random.Generator, samples: int) -> Samples:
    """A breath or music, as loud as either may be, shape (samples,); nothing if there are no samples."""
    if not samples:
        return np.zeros(0, np.float32)
    if rng.random() < _MUSIC_SHARE:
        sound, low, high = music(rng, samples), -40.0, -14.0
    else:
        sound, low, high = breath(rng, samples), -55.0, -28.0
    level = np.float32(10.0 ** (rng.uniform(low, high) / 20.0))
    return sound * (level / np.float32(np.sqrt(np.mean(sound**2)) + 1e-9))


def breath(rng: np.random.Generator, samples: int) -> Samples:
    """Noise through an open throat, in one rise and fall of at most 0.8 s."""
    sound = np.zeros(samples, np.float32)
    length = min(samples, int(rng.uniform(0.2, 0.8) * RATE))
    start = int(rng.integers(0, samples - length + 1))
    low = rng.uniform(200.0, 900.0)
    passed = butter(2, (low, low * rng.uniform(3.0, 7.0)), "bandpass", fs=RATE, output="sos")
    swell = np.sin(np.pi * np.linspace(0.0, 1.0, length) ** rng.uniform(0.6, 1.6)) ** 2
    sound[start : start + length] = sosfilt(passed, rng.standard_normal(length)) * swell
    return sound


def music(rng: np.random.Generator, samples: int) -> Samples:
    """Chords, broken or struck at once, of tones with overtones, sometimes with a drum."""
    sound = np.zeros(samples, np.float32)
    beat = int(rng.uniform(0.12, 0.6) * RATE)
    dulness, decay = rng.uniform(0.6, 2.0), rng.uniform(0.1, 1.5)
    broken, drum = rng.random() < _BROKEN_SHARE, rng.random() < _DRUM_SHARE
    root = int(rng.choice(_ROOTS))
    for bar in range(0, samples, 4 * beat):
        notes = root + int(rng.choice((0, 5, 7, 9))) + np.array(_CHORDS[rng.integers(len(_CHORDS))])
        for start in range(bar, min(bar + 4 * beat, samples), beat):
            struck = notes[[start // beat % len(notes)]] if broken else notes
            length = min(samples - start, 2 * beat)
            time = np.arange(length, dtype=np.float32) / np.float32(RATE)
            envelope = np.exp(-time / np.float32(decay)) * np.minimum(1.0, time / 0.01)
            envelope *= np.minimum(1.0, (length - np.arange(length)) / 160)
            for note in struck:
                pitch = 440.0 * 2.0 ** ((note - 69) / 12)
                partials = np.arange(1, _PARTIALS + 1)
                partials = partials[partials * pitch < 0.47 * RATE]
                phases = 2 * np.pi * np.outer(partials * pitch, time).astype(np.float32)
                tone = (partials**-dulness).astype(np.float32) @ np.sin(phases + rng.uniform(0, 6.28))
                sound[start : start + length] += tone * envelope
            if drum:
                burst = rng.standard_normal(length) * np.exp(-time / 0.03)
                sound[start : start + length] += burst.astype(np.float32)
    return sound
