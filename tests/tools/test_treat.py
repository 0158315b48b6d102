"""High voices, held vowels and what else speech is treated with in training."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training treats speech with scipy")
pytest.importorskip("soundfile", reason="training reads speech with soundfile")

from tools.train.corpus import HOP, RATE
from tools.train.interludes import knocks, tones
from tools.train.treat import held, overloaded, pitched, stretched, whispered


def _voice(hertz: float, seconds: float = 1.0) -> np.ndarray:
    """A buzz with ten harmonics."""
    time = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(sum(np.sin(2 * np.pi * k * hertz * time) / k for k in range(1, 11)) * 0.1, np.float32)


def _pitch(audio: np.ndarray) -> float:
    """The shortest lag with which a sound is much like itself, as a frequency."""
    middle = audio[len(audio) // 4 : 3 * len(audio) // 4].astype(float)
    like = np.correlate(middle, middle[: len(middle) // 2], "valid")
    much = np.flatnonzero(like[20:400] > 0.9 * like[20:400].max())
    first = much[: np.argmax(np.diff(np.append(much, much[-1] + 9)) > 1) + 1]
    return RATE / (20 + int(first[like[20 + first].argmax()]))


@pytest.mark.parametrize("length", [8_000, 16_000, 23_456])
def test_stretching_keeps_the_pitch(length: int) -> None:
    longer = stretched(_voice(150), length)
    assert longer.shape == (length,)
    assert _pitch(longer) == pytest.approx(150, rel=0.03)


@pytest.mark.parametrize("factor", [1.2, 1.5, 2.0])
def test_a_voice_is_made_high_in_the_same_time(factor: float) -> None:
    voice = _voice(180)
    voice[:4000] = 0
    high = pitched(voice, factor)
    assert len(high) == len(voice)
    assert _pitch(high[6000:]) == pytest.approx(180 * factor, rel=0.04)
    level = np.abs(high).reshape(-1, 160).max(axis=1)
    assert np.flatnonzero(level > 0.05)[0] == pytest.approx(25, abs=3)  # it begins when it did


def test_a_vowel_is_held_and_the_rest_is_as_it_was() -> None:
    rng = np.random.default_rng(1)
    audio = rng.normal(0, 0.01, 60 * HOP).astype(np.float32)
    audio[20 * HOP : 32 * HOP] = _voice(150)[: 12 * HOP]
    vowels = np.zeros(60, bool)
    vowels[20:32] = True
    longer, frames = held(rng, audio, vowels, most=150)
    more = len(frames) - 60
    assert 0 < more <= 150
    assert len(longer) == len(frames) * HOP
    assert np.all(np.diff(frames) >= 0)
    assert np.array_equal(longer[: 21 * HOP], audio[: 21 * HOP])
    assert np.array_equal(longer[-28 * HOP :], audio[-28 * HOP :])
    inside = longer[25 * HOP : (25 + more) * HOP]
    assert np.sqrt(np.mean(inside**2)) > 0.05


@pytest.mark.parametrize("most", [0, 3])
def test_nothing_is_held_where_there_is_no_room(most: int) -> None:
    audio = np.ones(20 * HOP, np.float32)
    longer, frames = held(np.random.default_rng(1), audio, np.ones(20, bool), most)
    assert np.array_equal(longer, audio)
    assert np.array_equal(frames, np.arange(20))


def test_a_whisper_has_no_pitch_and_is_as_loud() -> None:
    voice = _voice(150)
    whisper = whispered(np.random.default_rng(1), voice)
    assert np.sqrt(np.mean(whisper**2)) == pytest.approx(np.sqrt(np.mean(voice**2)), rel=0.01)

    def peaks(sound: np.ndarray) -> float:
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))[1000:1600]
        return float(spectrum.max() / np.median(spectrum))

    assert peaks(whisper) < peaks(voice) / 10


def test_overload_clips() -> None:
    loud = overloaded(np.random.default_rng(1), _voice(150))
    assert np.abs(loud).max() == 1.0
    assert np.mean(np.abs(loud) == 1.0) > 0.2


@pytest.mark.parametrize("make", [tones, knocks])
def test_sounds_of_no_mouth_are_as_long_as_asked(make: object) -> None:
    assert callable(make)
    rng = np.random.default_rng(3)
    for samples in (1, 200, 16_000, 48_001):
        for _ in range(12):
            sound = make(rng, samples)
            assert sound.shape == (samples,)
            assert np.all(np.isfinite(sound))
