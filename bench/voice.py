"""Provide speech for timing the model. It is not scored, so synthetic syllables are used if no speech is installed."""

from __future__ import annotations

import importlib.util
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SYLLABLE_S = 0.16
# First two formants in Hz: ah, ee, oo, er.
_VOWELS = ((730, 1090), (270, 2290), (300, 870), (490, 1350))


def voice(rate: int) -> tuple[NDArray[np.int16], str]:
    """Return about half a minute of PCM16, and a description of it."""
    server = importlib.util.find_spec("mascot_server")
    if server and server.origin:
        # The package is located, not imported: an import would need all dependencies of the server.
        audio, given = _recorded(Path(server.origin).parent / "simulators" / "assets" / "en")
        # Linear interpolation is enough, because the audio is only timed.
        at = np.arange(len(audio) * rate // given) * given / rate
        pcm = np.interp(at, np.arange(len(audio)), audio).astype(np.int16)
        return pcm, "the voice of mascot-server's simulators"
    return _synthesised(rate), "synthesised syllables (mascot-server is not installed)"


def _recorded(folder: Path) -> tuple[NDArray[np.int16], int]:
    parts = []
    rate = 0
    for path in sorted(folder.glob("*.wav")):
        with wave.open(str(path), "rb") as sound:
            rate = sound.getframerate()
            parts.append(np.frombuffer(sound.readframes(sound.getnframes()), "<i2"))
    return np.concatenate(parts), rate


def _synthesised(rate: int, seconds: float = 30.0) -> NDArray[np.int16]:
    """Return vowels from harmonics under formants, hiss and pauses between them."""
    rng = np.random.default_rng(1)
    time = np.arange(int(rate * _SYLLABLE_S)) / rate
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.02)
    vowels = []
    for formants in _VOWELS:
        sound = np.zeros(len(time))
        for harmonic in range(120, 3600, 120):
            weight = sum(1.0 / (1.0 + ((harmonic - f) / 80.0) ** 2) for f in formants)
            sound += weight * np.sin(2 * np.pi * harmonic * time)
        vowels.append(fade * sound / np.abs(sound).max())
    hiss = 0.2 * fade * rng.standard_normal(len(time))
    pause = 1e-3 * rng.standard_normal(len(time))
    syllables = [*vowels, hiss, pause]
    order = rng.integers(len(syllables), size=int(seconds / _SYLLABLE_S))
    audio = np.concatenate([syllables[i] for i in order])
    pcm: NDArray[np.int16] = np.round(np.clip(audio, -1.0, 1.0) * 12000).astype(np.int16)
    return pcm
