"""Conditions of the bench, on synthetic signals with known pitch, level and phones."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytest.importorskip("scipy", reason="most conditions need scipy")

ROOT = Path(__file__).parents[2]
RATE = 16000


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(ROOT)
    names = ("conditions", "effects", "excerpts", "tones", "visemes")
    return {name: importlib.import_module(f"bench.{name}") for name in names}


def vowel(f0: float, seconds: float, formant: float = 700.0) -> NDArray[np.int16]:
    """Harmonics under one formant."""
    time = np.arange(int(seconds * RATE)) / RATE
    harmonics = np.arange(f0, 4000, f0)
    audio = sum(np.sin(2 * np.pi * h * time) / (1 + ((h - formant) / 100) ** 2) for h in harmonics)
    pcm: NDArray[np.int16] = np.round(np.asarray(audio) / np.abs(audio).max() * 8000).astype(np.int16)
    return pcm


def periodicity(pcm: NDArray[np.int16], f0: float) -> float:
    """Correlation of a signal with itself a period later, in its middle."""
    audio = pcm[len(pcm) // 4 : -len(pcm) // 4].astype(float)
    lag = round(RATE / f0)
    return float(np.corrcoef(audio[lag:], audio[:-lag])[0, 1])


def loudest(pcm: NDArray[np.int16]) -> float:
    """The frequency in Hz at which a signal is loudest."""
    return float(np.abs(np.fft.rfft(pcm.astype(float))).argmax() * RATE / len(pcm))


def rms(pcm: NDArray[np.int16]) -> float:
    return float(np.sqrt(np.mean(pcm.astype(float) ** 2)))


@pytest.mark.parametrize(("condition", "factor"), [("pitch1.5x", 1.5), ("pitch1.8x", 1.8), ("pitch2x", 2.0)])
def test_pitch_and_formants_rise_and_times_stay(
    bench: dict[str, ModuleType], condition: str, factor: float
) -> None:
    pause = np.zeros(RATE // 2, np.int16)
    pcm = np.concatenate([pause, vowel(200, 0.5), pause])
    heard = bench["conditions"].heard(condition, pcm, RATE, name="a", phones=[]).samples
    assert len(heard) == len(pcm)
    assert rms(heard[: int(0.45 * RATE)]) < 50
    assert rms(heard[int(1.05 * RATE) :]) < 50
    middle = heard[int(0.55 * RATE) : int(0.95 * RATE)]
    assert rms(middle) == pytest.approx(rms(pcm[int(0.55 * RATE) : int(0.95 * RATE)]), rel=0.3)
    assert periodicity(middle, 200 * factor) > 0.9
    assert loudest(middle) == pytest.approx(700 * factor, rel=0.2)


def test_a_room_echoes(bench: dict[str, ModuleType]) -> None:
    pcm = np.concatenate([vowel(120, 0.5), np.zeros(RATE, np.int16)])
    heard = bench["conditions"].heard("reverb", pcm, RATE, name="a", phones=[]).samples
    assert rms(heard) == pytest.approx(rms(pcm), rel=0.02)
    early, late = heard[RATE // 2 : RATE * 3 // 4], heard[RATE * 5 // 4 :]
    # 60 dB in 1.2 s: after 0.75 s more the echo is 37 dB lower.
    assert 20 * np.log10(rms(early) / rms(late)) == pytest.approx(37, abs=6)
    again = bench["conditions"].heard("reverb", pcm, RATE, name="a", phones=[]).samples
    assert np.array_equal(heard, again)


def test_clipping(bench: dict[str, ModuleType]) -> None:
    heard = bench["conditions"].heard("clip", vowel(120, 0.5), RATE, name="a", phones=[]).samples
    assert (np.abs(heard.astype(int)) >= 32767).mean() > 0.8


def test_a_whisper_has_the_envelope_and_no_voice(bench: dict[str, ModuleType]) -> None:
    pcm = vowel(120, 1.0)
    heard = bench["conditions"].heard("whisper", pcm, RATE, name="a", phones=[]).samples
    assert len(heard) == len(pcm)
    assert rms(heard) == pytest.approx(rms(pcm), rel=0.3)
    assert periodicity(pcm, 120) > 0.95
    assert abs(periodicity(heard, 120)) < 0.5
    assert loudest(heard) == pytest.approx(700, abs=250)


def test_a_held_vowel_sounds_like_the_vowel(bench: dict[str, ModuleType]) -> None:
    pcm = np.concatenate([np.zeros(3200, np.int16), vowel(150, 0.2), np.zeros(3200, np.int16)])
    phones = [(0.0, 0.2, "SIL"), (0.2, 0.4, "AA"), (0.4, 0.6, "SIL")]
    (made,) = bench["excerpts"].held(pcm, RATE, phones, 0)
    assert [name for _, _, name in made.phones] == ["SIL", "AA", "SIL"]
    start, end, _ = made.phones[1]
    assert end - start == pytest.approx(3.0)
    assert len(made.pcm) / RATE == pytest.approx(made.phones[-1][1], abs=1e-3)
    sound = made.pcm[int(start * RATE) : int(end * RATE)]
    assert rms(sound) == pytest.approx(rms(vowel(150, 0.2)), rel=0.2)
    # The vibrato moves the pitch by a per cent, so a short stretch of it is looked at.
    assert periodicity(sound[RATE // 2 : RATE // 2 + 1600], 150) > 0.75
    assert loudest(sound) == pytest.approx(700, abs=160)


@pytest.mark.parametrize(
    ("name", "number", "seconds"),
    [("AA", 1, 0.2), ("AY", 0, 0.2), ("W", 4, 0.2), ("AA", 0, 0.05), ("M", 0, 0.2)],
)
def test_only_long_steady_vowels_of_the_turn_are_held(
    bench: dict[str, ModuleType], name: str, number: int, seconds: float
) -> None:
    phones = [(0.0, seconds, name)]
    assert not list(bench["excerpts"].held(vowel(150, seconds), RATE, phones, number))


def test_lone_words_are_cut_out_and_those_that_end_in_lips_come_first(bench: dict[str, ModuleType]) -> None:
    phones = [(0.0, 0.1, "SIL"), (0.1, 0.2, "T"), (0.2, 0.4, "AA"), (0.4, 0.5, "K"), (0.5, 0.6, "AA")]
    phones += [(0.6, 0.7, "T"), (0.7, 0.8, "IY"), (0.8, 0.9, "M")]
    entry = {"audio": "a.opus", "words": [[0.1, 0.5], [0.5, 0.6], [0.6, 0.9]]}
    pcm = vowel(120, 0.9)
    first, second = bench["excerpts"].lone_words(pcm, RATE, entry, phones)
    assert [name for _, _, name in first.phones] == ["SIL", "T", "IY", "M", "SIL"]
    assert [name for _, _, name in second.phones] == ["SIL", "T", "AA", "K", "SIL"]
    start, end = first.phones[1][0], first.phones[-2][1]
    assert end - start == pytest.approx(0.3)
    assert not first.pcm[: int(start * RATE) - 1].any()
    assert not first.pcm[int(end * RATE) + 2 :].any()
    middle = first.pcm[int((start + 0.1) * RATE) : int((start + 0.2) * RATE)]
    assert np.array_equal(middle, pcm[int(0.7 * RATE) : int(0.8 * RATE)])


def test_tones_have_their_frequencies_cadences_and_levels(bench: dict[str, ModuleType]) -> None:
    made: dict[str, list[NDArray[np.int16]]] = {}
    for name, pcm in bench["tones"].sounds():
        made.setdefault(name, []).append(pcm)
    for levels in made.values():
        peaks = [20 * np.log10(np.abs(pcm.astype(int)).max() / 32767) for pcm in levels]
        assert peaks == pytest.approx([-12, -24, -36], abs=0.1)
    ringback = made["ringback-us"][0]
    assert not ringback[int(2.01 * RATE) : int(5.99 * RATE)].any()
    spectrum = np.abs(np.fft.rfft(ringback[: 2 * RATE].astype(float)))
    assert sorted(np.argsort(spectrum)[-2:] / 2) == [440, 480]
    assert loudest(made["dial-eu"][0]) == pytest.approx(425, abs=1)
    busy = made["busy-us"][0]
    assert rms(busy[: RATE // 2]) > 1000
    assert not busy[int(0.51 * RATE) : int(0.99 * RATE)].any()
    assert {"drums", "steps", "claps", "dtmf"} <= made.keys()


def test_unknown_phones_are_an_error(bench: dict[str, ModuleType]) -> None:
    assert bench["visemes"].viseme_of("ʂ") == "CH"
    assert bench["visemes"].viseme_of("pʲ") == "PP"
    assert bench["visemes"].viseme_of("h") is None
    with pytest.raises(KeyError):
        bench["visemes"].viseme_of("?")
