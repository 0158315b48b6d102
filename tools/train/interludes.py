"""Sound between speech that moves no mouth: breaths, music for who holds the line, call tones, knocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfilt

from tools.train.corpus import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_MUSIC_SHARE, _TONES_SHARE, _KNOCKS_SHARE = 0.35, 0.25, 0.15  # breaths have the rest
# Call tones: frequencies in Hz that sound at once, seconds on and off.
_CALL_TONES = (
    ((440, 480), 2.0, 4.0),
    ((400, 450), 0.4, 0.2),
    ((425,), 1.0, 4.0),
    ((425,), 0.5, 0.5),
    ((425,), 0.25, 0.25),
    ((480, 620), 0.5, 0.5),
    ((480, 620), 0.25, 0.25),
    ((350, 440), 60.0, 0.0),
    ((425,), 60.0, 0.0),
    ((400,), 0.375, 0.375),
    ((1000,), 0.1, 0.9),
    ((1400,), 0.5, 60.0),
)
_KEYS = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))  # of a telephone, low and high tone
_ROOTS = np.arange(40, 68)  # MIDI numbers
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7))
_PARTIALS = 8
_BROKEN_SHARE, _DRUM_SHARE, _HARMONIC_SHARE = 0.5, 0.4, 0.3


def interlude(rng: np.random.Generator, samples: int) -> Samples:
    """A breath, music, tones or knocks, as loud as either may be, shape (samples,); nothing if there are no samples."""
    if not samples:
        return np.zeros(0, np.float32)
    kind = rng.random()
    if kind < _MUSIC_SHARE:
        sound, low, high = music(rng, samples), -40.0, -14.0
    elif kind < _MUSIC_SHARE + _TONES_SHARE:
        sound, low, high = tones(rng, samples), -40.0, -14.0
    elif kind < _MUSIC_SHARE + _TONES_SHARE + _KNOCKS_SHARE:
        sound, low, high = knocks(rng, samples), -45.0, -18.0
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


def tones(rng: np.random.Generator, samples: int) -> Samples:
    """What a telephone plays: ringing, busy, dialling or a beep, each country's; keys pressed; a pitch that slides."""
    time = np.arange(samples) / RATE + rng.uniform(0.0, 4.0)
    kind = rng.integers(8)
    if kind == 0:
        every = rng.uniform(0.12, 0.4)
        number = (time / every).astype(int)
        keys = rng.integers(4, size=(2, int(number[-1]) + 1))
        low, high = (np.array(_KEYS[i])[keys[i]][number] for i in (0, 1))
        sound = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
        on = time % every < 0.6 * every
    elif kind == 1:
        slide = rng.uniform(300.0, 900.0) * (1.0 + 0.6 * np.sin(2 * np.pi * time * rng.uniform(0.3, 3.0)))
        sound, on = np.sin(2 * np.pi * np.cumsum(slide) / RATE), np.ones(samples, bool)
    else:
        frequencies, sounds, rests = _CALL_TONES[rng.integers(len(_CALL_TONES))]
        change = rng.uniform(0.9, 1.1)
        sound = sum(np.sin(2 * np.pi * f * change * time + rng.uniform(0, 6.28)) for f in frequencies)
        on = time % (sounds + rests) < sounds
    if rng.random() < _HARMONIC_SHARE:
        sound = np.tanh(rng.uniform(1.0, 4.0) * sound)
    ramp = np.convolve(on, np.ones(80) / 80, "same")[:samples]
    return np.asarray(sound * ramp, np.float32)


def knocks(rng: np.random.Generator, samples: int) -> Samples:
    """Footsteps, keys, knocks and drums: noise or a low tone struck again and again, each stroke dying away."""
    sound = np.zeros(samples, np.float32)
    every = rng.uniform(0.1, 0.9) * RATE
    dying, low = rng.uniform(0.01, 0.12), rng.uniform(60.0, 2500.0)
    passed = butter(2, (low, min(7500.0, low * rng.uniform(2.0, 8.0))), "bandpass", fs=RATE, output="sos")
    at = rng.uniform(0.0, every)
    while at < samples:
        length = min(samples - int(at), int(6 * dying * RATE))
        time = np.arange(length) / RATE
        stroke = sosfilt(passed, rng.standard_normal(length))
        if rng.random() < _DRUM_SHARE:
            stroke = stroke * 0.3 + np.sin(2 * np.pi * (50 + 120 * np.exp(-time * 30)) * time)
        sound[int(at) : int(at) + length] += (stroke * np.exp(-time / dying) * rng.uniform(0.4, 1.0)).astype(
            np.float32
        )
        at += every * rng.uniform(0.8, 1.25)
    return sound
