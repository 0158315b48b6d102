"""Make sounds of a call without speech: published call tones, and synthetic drums and steps.

Frequencies and cadences of the tones are those of ITU-T E.180 Supplement 2 ("Various tones used in national networks")
for North America, the United Kingdom and most of continental Europe; DTMF is ITU-T Q.23; the special information tone
is ITU-T E.180. Drums are decaying sweeps and noise; steps are decaying resonances of a floor and a scrape of noise;
claps are bursts of noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

RATE = 16000
_SECONDS = 8.0
_LEVELS_DB = (-12.0, -24.0, -36.0)
_RAMP_S = 0.004

# Simultaneous frequencies in Hz, and seconds on and off in turns; None means no pause.
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
    made["steps"] = _repeated(rng, 0.55, _step)
    made["claps"] = _repeated(rng, 0.8, _clap)
    for name, audio in made.items():
        for level in _LEVELS_DB:
            peak = 32767 * 10 ** (level / 20)
            yield name, np.round(audio / np.abs(audio).max() * peak).astype(np.int16)


def _cadence(frequencies: tuple[float, ...], seconds: tuple[float, ...] | None) -> NDArray[np.float64]:
    parts = seconds or (_SECONDS, 0.0)
    return _sequence([(frequencies if i % 2 == 0 else (), part) for i, part in enumerate(parts) if part])


def _sequence(parts: list[tuple[tuple[float, ...], float]]) -> NDArray[np.float64]:
    """Return parts of (frequencies in Hz, seconds) in sequence, repeated until the time is over."""
    pieces = []
    for frequencies, seconds in parts:
        time = np.arange(round(seconds * RATE)) / RATE
        ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / _RAMP_S)
        pieces.append(ramp * sum((np.sin(2 * np.pi * f * time) for f in frequencies), np.zeros(len(time))))
    once = np.concatenate(pieces)
    return np.resize(once, round(_SECONDS * RATE))


def _drums(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a bass drum, toms and snare at 110 beats a minute, a closed cymbal on every half beat."""
    time = np.arange(round(0.4 * RATE)) / RATE
    bass = np.exp(-time / 0.12) * np.sin(2 * np.pi * (50 * time - 4.0 * np.exp(-time / 0.02)))
    snare = 0.5 * rng.standard_normal(len(time)) * np.exp(-time / 0.06)
    snare += 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
    high, low = (
        0.8 * np.exp(-time / 0.15) * np.sin(2 * np.pi * (f * time - np.exp(-time / 0.05))) for f in (220, 140)
    )
    pattern = (bass, high, snare, low, bass, low, snare, high)
    audio = np.zeros(round(_SECONDS * RATE) + len(time))
    step = 60 / 110 / 2
    for number in range(int(_SECONDS / step)):
        cymbal = 0.25 * np.diff(rng.standard_normal(len(time)), append=0.0) * np.exp(-time / 0.015)
        at = round(number * step * RATE)
        audio[at : at + len(time)] += cymbal + pattern[number % len(pattern)]
    return audio[: round(_SECONDS * RATE)]


def _step(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a heel on a wooden floor and the sole after it."""
    time = np.arange(round(0.25 * RATE)) / RATE
    audio = np.zeros(len(time))
    for frequency, share, decay in ((90, 1.0, 0.05), (240, 0.6, 0.04), (650, 0.4, 0.02), (1500, 0.2, 0.01)):
        audio += share * np.exp(-time / decay) * np.sin(2 * np.pi * frequency * rng.uniform(0.9, 1.1) * time)
    scrape = np.convolve(rng.standard_normal(len(time)), np.hanning(8)[1:-1] / 4, mode="same")
    return audio + 0.15 * scrape * np.exp(-(((time - 0.12) / 0.04) ** 2))


def _clap(rng: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(round(0.1 * RATE)) / RATE
    return rng.standard_normal(len(time)) * np.exp(-time / 0.015)


def _repeated(
    rng: np.random.Generator, every_s: float, one: Callable[[np.random.Generator], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return a repeated sound, with small random changes of level and time."""
    audio = np.zeros(round(_SECONDS * RATE))
    at = 0.2
    while (start := round(at * RATE)) + len(hit := one(rng)) < len(audio):
        audio[start : start + len(hit)] += rng.uniform(0.5, 1.0) * hit
        at += every_s * rng.uniform(0.9, 1.1)
    return audio
