from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv

if TYPE_CHECKING:
    from numpy.typing import NDArray

# First three formants in Hz of ah, ee, oo, er; and closures and hiss between them.
_VOWELS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (490, 1350, 1690)]


@lru_cache(maxsize=32)
def _babble(rate: int, seconds: float) -> NDArray[np.int16]:
    """Syllables from harmonics under formants, hiss and closures: enough for a network to hear speech in it."""
    rng = np.random.default_rng(7)
    time = np.arange(int(rate * 0.16)) / rate
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.02)
    parts: list[NDArray[np.float64]] = [np.zeros(int(rate * 0.2))]
    total = 0
    while total < rate * seconds:
        voice = np.zeros(len(time))
        for harmonic in range(120, min(3700, rate // 2), 120):
            vowel = _VOWELS[len(parts) % len(_VOWELS)]
            weight = sum(1.0 / (1.0 + ((harmonic - f) / 80.0) ** 2) for f in vowel)
            voice += weight * np.sin(2 * np.pi * harmonic * time)
        hiss = rng.normal(0.0, 0.3, int(rate * 0.08))
        closure = rng.normal(0.0, 1e-3, int(rate * 0.07))
        parts += [voice * fade, hiss if len(parts) % 2 else closure, closure]
        total = sum(map(len, parts))
    audio = np.concatenate(parts)[: int(rate * seconds)]
    result: NDArray[np.int16] = np.round(audio / np.abs(audio).max() * 12000).astype(np.int16)
    return result


@pytest.fixture
def babble() -> Callable[[int, float], NDArray[np.int16]]:
    """Speech-like PCM16 by rate and seconds; it starts with 200 ms of silence."""

    def make(rate: int = 16000, seconds: float = 2.0) -> NDArray[np.int16]:
        return _babble(rate, seconds).copy()

    return make


@pytest.fixture
def speech() -> NDArray[np.int16]:
    """Two seconds of speech-like PCM16 at 16 kHz."""
    return _babble(16000, 2.0).copy()


@pytest.fixture
def engine() -> mv.Engine:
    return mv.load("default")
