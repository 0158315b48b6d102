"""Sounds of a call in which nobody speaks: its tones as published, and made-up drums and steps.

Frequencies and cadences of the tones are those of ITU-T E.180 Supplement 2 ("Various tones used in national networks")
for North America, the United Kingdom and most of continental Europe; DTMF is ITU-T Q.23; the special information tone
is ITU-T E.180. Drums are decaying sweeps and noise; steps and claps are bursts of filtered noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RATE = 16000
_SECONDS = 8.0
_LEVELS_DB = (-12.0, -24.0, -36.0)
_RAMP_S = 0.004

# Frequencies in Hz that sound together, and seconds on and off in turns; None is without a pause.
_TONES: dict[str, tuple[tuple[float, ...], tuple[float, ...] | None]] = {
    "ringback-us": ((440, 480), (2, 4)),
    "ringback-uk": ((400, 450), (0.4, 0.2, 0.4, 2)),
    "ringback-eu": ((425,), (1, 4)),
    "dial-us": ((350, 440), None),
    "dial-eu": ((425,), None),
    "busy-us": ((480, 620), (0.5, 0.5)),
    "busy-eu": ((425,), (0.5, 0.5)),
    "congestion-us": ((480, 620), (0.25, 0.25)),
    "beep": ((1000,), (0.4, 3.6)),
}
_INFORMATION = ((950.0, 0.33), (1400.0, 0.33), (1800.0, 0.33), (0.0, 1.0))
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)


def sounds() -> Iterator[tuple[str, NDArray[np.int16]]]:
    """Yield each sound at each level: its name and PCM16 at `RATE`, shape (n,)."""
    made = {name: _cadence(*tone) for name, tone in _TONES.items()}
    made["information"] = _sequence([((f,) if f else (), s) for f, s in _INFORMATION])
    digits = [((row, column), 0.1) for row in _ROWS for column in _COLUMNS]
    made["dtmf"] = _sequence([part for digit in digits for part in (digit, ((), 0.1))])
    rng = np.random.default_rng(180)
    made["drums"] = _drums(rng)
    made["steps"] = _bursts(rng, every_s=0.55, width=24, decay_s=0.03)
    made["claps"] = _bursts(rng, every_s=0.8, width=3, decay_s=0.015)
    for name, audio in made.items():
        for level in _LEVELS_DB:
            peak = 32767 * 10 ** (level / 20)
            yield name, np.round(audio / np.abs(audio).max() * peak).astype(np.int16)


def _cadence(frequencies: tuple[float, ...], seconds: tuple[float, ...] | None) -> NDArray[np.float64]:
    parts = seconds or (_SECONDS, 0.0)
    return _sequence([(frequencies if i % 2 == 0 else (), part) for i, part in enumerate(parts) if part])


def _sequence(parts: list[tuple[tuple[float, ...], float]]) -> NDArray[np.float64]:
    """Parts of frequencies in Hz and seconds, one after the other until the time is over."""
    pieces = []
    for frequencies, seconds in parts:
        time = np.arange(round(seconds * RATE)) / RATE
        ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / _RAMP_S)
        pieces.append(ramp * sum((np.sin(2 * np.pi * f * time) for f in frequencies), np.zeros(len(time))))
    once = np.concatenate(pieces)
    return np.resize(once, round(_SECONDS * RATE))


def _drums(rng: np.random.Generator) -> NDArray[np.float64]:
    """Bass drum and snare in turns at 110 beats a minute, a closed cymbal on every half beat."""
    time = np.arange(round(0.3 * RATE)) / RATE
    bass = np.exp(-time / 0.08) * np.sin(2 * np.pi * (50 * time - 4.0 * np.exp(-time / 0.02)))
    audio = np.zeros(round(_SECONDS * RATE) + len(time))
    step = 60 / 110 / 2
    silent = np.zeros(len(time))
    snare = 0.5 * rng.standard_normal(len(time)) * np.exp(-time / 0.06)
    snare += 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
    pattern = (bass, silent, snare, silent)
    for number in range(int(_SECONDS / step)):
        cymbal = 0.25 * np.diff(rng.standard_normal(len(time)), append=0.0) * np.exp(-time / 0.015)
        hit = cymbal + pattern[number % len(pattern)]
        at = round(number * step * RATE)
        audio[at : at + len(time)] += hit
    return audio[: round(_SECONDS * RATE)]


def _bursts(rng: np.random.Generator, *, every_s: float, width: int, decay_s: float) -> NDArray[np.float64]:
    """Bursts of noise, smoothed over `width` samples, each of its own strength and nearly in time."""
    audio = np.zeros(round(_SECONDS * RATE))
    length = round(6 * decay_s * RATE)
    at = 0.2
    while (start := round(at * RATE)) + length < len(audio):
        noise = np.convolve(rng.standard_normal(length), np.hanning(width + 2)[1:-1], mode="same")
        audio[start : start + length] += (
            rng.uniform(0.5, 1.0) * noise * np.exp(-np.arange(length) / decay_s / RATE)
        )
        at += every_s * rng.uniform(0.9, 1.1)
    return audio
