from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_visemes.features import frames_begun
from mascot_visemes.posteriors import AGAIN_FRAMES, LOOK_AHEAD_FRAMES, PosteriorStream, listen
from mascot_visemes.registry import load_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

NETWORK = load_network()


def feed(stream: PosteriorStream, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Posteriors of the frames that a chunk of audio lets be decided."""
    heard = listen([([stream], samples[None])], edge=True)[0]
    assert heard.posteriors.shape[:2] == heard.levels.shape
    decided: NDArray[np.float32] = heard.posteriors[0]
    return decided


@given(
    rate=st.sampled_from([8000, 11025, 16000, 24000]),
    cuts=st.lists(st.floats(0, 1), max_size=8),
)
@settings(max_examples=40, deadline=None)
def test_beyond_the_look_ahead_a_split_changes_nothing(rate: int, cuts: list[float]) -> None:
    rng = np.random.default_rng(3)
    samples = (rng.normal(0, 0.1, rate) * np.abs(np.sin(np.arange(rate) * 9 / rate))).astype(np.float32)
    whole = feed(PosteriorStream(NETWORK, rate), samples)
    stream = PosteriorStream(NETWORK, rate)
    edges = sorted({0, rate, *(int(c * rate) for c in cuts)})
    for start, end in itertools.pairwise(edges):
        first = stream.decided
        part = feed(stream, samples[start:end])
        assert stream.decided == frames_begun(end, rate) == first + len(part)
        far = max(0, len(part) - LOOK_AHEAD_FRAMES - 1)
        np.testing.assert_allclose(part[:far], whole[first : first + far], atol=2e-4)
    np.testing.assert_allclose(whole.sum(axis=1), 1.0, atol=1e-3)


def test_silence_until_a_step_has_been_heard() -> None:
    stream = PosteriorStream(NETWORK, 16000)
    first = feed(stream, np.ones(1, np.float32))
    assert [NETWORK.labels[i] for i in first.argmax(axis=1)] == ["SIL"]
    assert len(feed(stream, np.zeros(0, np.float32))) == 0
    assert len(feed(stream, np.zeros(160, np.float32))) == 1


@pytest.mark.parametrize("milliseconds", [1, 7, 10, 20, 30, 100])
def test_every_frame_is_decided_once_and_at_once(milliseconds: int) -> None:
    stream = PosteriorStream(NETWORK, 8000)
    size = 8 * milliseconds
    for chunk in range(1, 200 // milliseconds + 1):
        feed(stream, np.zeros(size, np.float32))
        assert stream.decided == -(-chunk * milliseconds // 10)


@given(
    groups=st.lists(
        st.tuples(st.sampled_from([8000, 11025, 24000]), st.integers(1, 3)), min_size=1, max_size=3
    ),
    lengths=st.lists(st.integers(0, 3000), min_size=1, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_groups_of_streams_say_what_each_says_alone(
    groups: list[tuple[int, int]], lengths: list[int]
) -> None:
    rng = np.random.default_rng(6)
    alone, together = (
        [[PosteriorStream(NETWORK, rate) for _ in range(count)] for rate, count in groups] for _ in range(2)
    )
    for length in lengths:
        samples = [rng.normal(0, 0.1, (count, length)).astype(np.float32) for _, count in groups]
        answers = listen(list(zip(together, samples, strict=True)), edge=True)
        for streams, chunks, heard in zip(alone, samples, answers, strict=True):
            expected = [feed(stream, chunk) for stream, chunk in zip(streams, chunks, strict=True)]
            np.testing.assert_allclose(heard.posteriors, expected, atol=2e-4)
        for streams, same in zip(alone, together, strict=True):
            assert [s.samples for s in same] == [s.samples for s in streams]
            assert {s.phase for s in same} == {streams[0].phase}


def test_whatever_is_left_at_the_edge_waits_without_it() -> None:
    stream = PosteriorStream(NETWORK, 16000)
    silence = np.zeros((1, 1600), np.float32)
    heard = listen([([stream], silence)], edge=False)[0]
    assert heard.posteriors.shape[:2] == heard.levels.shape == (1, stream.decided)
    assert stream.decided == 10 - LOOK_AHEAD_FRAMES + 2
    assert listen([([stream], silence[:, :5])], edge=False)[0].posteriors.shape == (1, 0, len(NETWORK.labels))
    assert listen([([stream], silence[:, :0])], edge=True)[0].posteriors.shape[1] == 11 - 2


@pytest.mark.parametrize("milliseconds", [10, 20, 50, 100, 300])
def test_what_was_decided_at_an_edge_is_told_again(milliseconds: int) -> None:
    rng = np.random.default_rng(5)
    samples = (rng.normal(0, 0.1, 16000) * np.abs(np.sin(np.arange(16000) / 900))).astype(np.float32)
    whole = feed(PosteriorStream(NETWORK, 16000), samples)
    stream = PosteriorStream(NETWORK, 16000)
    size = 16 * milliseconds
    for start in range(0, 16000 - size + 1, size):
        decided = stream.decided
        again = listen([([stream], samples[None, start : start + size])], edge=True)[0].again[0]
        assert len(again) == min(decided, AGAIN_FRAMES)
        if milliseconds >= 10 * LOOK_AHEAD_FRAMES:
            np.testing.assert_allclose(again, whole[decided - len(again) : decided], atol=2e-4)


def test_what_was_decided_with_all_context_is_not_told_again() -> None:
    stream = PosteriorStream(NETWORK, 16000)
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 1, 16000)).astype(np.float32)
    assert listen([([stream], noise[0])], edge=False)[0].again.shape[1] == 0
    assert listen([([stream], noise[1])], edge=False)[0].again.shape[1] == 0
