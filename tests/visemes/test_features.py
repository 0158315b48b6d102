from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_visemes.features import BANDS, LOG_FLOOR, FeatureStream, frames_begun, frames_ended, front_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000]


def noise(rate: int, seconds: float = 0.5) -> NDArray[np.float32]:
    """The same noise below 3 kHz at every rate, its loudness coming and going: a crowd of tones."""
    rng = np.random.default_rng(11)
    time = np.arange(int(rate * seconds)) / rate
    hertz, phases = rng.uniform(80, 3000, (150, 1)), rng.uniform(0, 2 * np.pi, (150, 1))
    audio = 0.01 * np.sin(2 * np.pi * hertz * time + phases).sum(axis=0)
    result: NDArray[np.float32] = (audio * (1.1 + np.sin(2 * np.pi * 5 * time))).astype(np.float32)
    return result


@given(rate=st.integers(8000, 48000), samples=st.integers(0, 200_000))
def test_frame_counts_agree_with_the_ends(rate: int, samples: int) -> None:
    ended, begun = frames_ended(samples, rate), frames_begun(samples, rate)
    ends = front_end(rate).ends(0, begun + 2)
    assert ended == int(np.sum(ends <= samples))
    assert ended <= begun <= ended + 1
    starts = np.arange(begun + 2) * rate / 100
    assert begun == int(np.sum(starts < samples))


@given(rate=st.sampled_from(RATES), cuts=st.lists(st.integers(0, 6000), max_size=12))
@settings(max_examples=40, deadline=None)
def test_the_same_however_it_is_cut(rate: int, cuts: list[int]) -> None:
    audio = noise(rate, 0.2)
    whole, level = FeatureStream(rate).push(audio)
    stream = FeatureStream(rate)
    edges = sorted({0, len(audio), *(min(c, len(audio)) for c in cuts)})
    parts = [stream.push(audio[a:b]) for a, b in itertools.pairwise(edges)]
    np.testing.assert_allclose(np.concatenate([p[0] for p in parts]), whole, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([p[1] for p in parts]), level, atol=1e-3)
    assert stream.samples == len(audio)
    assert stream.frames == len(whole)


@pytest.mark.parametrize("rate", RATES)
def test_the_same_sound_reads_the_same_at_every_rate(rate: int) -> None:
    reference, level = FeatureStream(16000).push(noise(16000))
    bands, levels = FeatureStream(rate).push(noise(rate))
    count = min(len(bands), len(reference))
    inside = reference[3:count] > reference[3:count].max() - 8
    difference = np.abs(bands[3:count] - reference[3:count])[inside]
    assert len(difference) > 600
    assert difference.mean() < 0.02
    assert difference.max() < 0.4
    np.testing.assert_allclose(levels[3:count], level[3:count], atol=0.1)


@given(
    rate=st.sampled_from([8000, 11025, 22050, 24000]),
    streams=st.integers(2, 20),
    lengths=st.lists(st.integers(0, 4000), min_size=1, max_size=4),
)
@settings(max_examples=25, deadline=None)
def test_streams_in_phase_read_the_same_to_the_bit(rate: int, streams: int, lengths: list[int]) -> None:
    rng = np.random.default_rng(streams)
    alone, together = ([FeatureStream(rate) for _ in range(streams)] for _ in range(2))
    # One has been heard for a whole number of periods longer.
    before = rng.normal(0, 0.1, 2 * front_end(rate).period).astype(np.float32)
    for stream in (alone[0], together[0]):
        stream.push(before)
    for length in lengths:
        samples = rng.normal(0, 0.1, (streams, length)).astype(np.float32)
        expected = [stream.push(chunk) for stream, chunk in zip(alone, samples, strict=True)]
        bands, levels = FeatureStream.push_together(together, samples)
        for its_bands, its_levels, (same, as_loud) in zip(bands, levels, expected, strict=True):
            assert np.array_equal(its_bands, same)
            assert np.array_equal(its_levels, as_loud)


def test_bands_beyond_the_rate_read_as_empty() -> None:
    white = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    bands, _ = FeatureStream(8000).push(white)
    carried = int(np.sum(bands[0] > LOG_FLOOR))
    assert 0 < carried < BANDS
    assert (bands[:, :carried] > LOG_FLOOR + 5).all()
    assert (bands[:, carried:] == np.float32(LOG_FLOOR)).all()


def test_a_frame_is_known_when_it_ends() -> None:
    stream = FeatureStream(16000)
    assert len(stream.push(np.zeros(159, np.float32))[0]) == 0
    assert len(stream.push(np.zeros(1, np.float32))[0]) == 1
    assert len(stream.push(np.zeros(0, np.float32))[0]) == 0


def test_levels() -> None:
    square = np.where(np.arange(16000) // 8 % 2, 1.0, -1.0).astype(np.float32)
    _, level = FeatureStream(16000).push(square)
    assert level[50] == pytest.approx(-0.5, abs=1.0)
    _, level = FeatureStream(16000).push(np.zeros(16000, np.float32))
    assert (level <= -115).all()


def test_samples_of_another_width_read_the_same() -> None:
    wide = noise(16000).astype(np.float64)
    bands, _ = FeatureStream(16000).push(wide)  # type: ignore[arg-type]
    np.testing.assert_allclose(bands, FeatureStream(16000).push(noise(16000))[0], atol=1e-4)


def test_reset() -> None:
    stream = FeatureStream(11025)
    first, _ = stream.push(noise(11025))
    stream.reset()
    again, _ = stream.push(noise(11025))
    assert np.array_equal(first, again)
