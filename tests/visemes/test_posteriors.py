from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_visemes.features import frames_begun
from mascot_visemes.posteriors import LOOK_AHEAD_FRAMES, PosteriorStream
from mascot_visemes.registry import load_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

NETWORK = load_network()


def feed(stream: PosteriorStream, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Posteriors of the frames that a chunk of audio lets be decided."""
    parts = []
    steps = stream.hear(samples)
    if len(steps):
        late, early, state = NETWORK.run(steps[None], stream.state[None])
        parts.append(stream.take(late[0], early[0], state[0]))
    parts.append(stream.edge())
    assert all(len(p) == len(levels) for p, levels in parts)
    return np.concatenate([p for p, _ in parts])


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


def test_streams_can_be_run_together() -> None:
    rng = np.random.default_rng(5)
    audio = rng.normal(0, 0.05, (3, 16000)).astype(np.float32)
    alone = [feed(PosteriorStream(NETWORK, 16000), a) for a in audio]
    streams = [PosteriorStream(NETWORK, 16000) for _ in audio]
    steps = np.stack([s.hear(a) for s, a in zip(streams, audio, strict=True)])
    answers = NETWORK.run(steps, np.stack([s.state for s in streams]))
    for stream, expected, late, early, state in zip(streams, alone, *answers, strict=True):
        full, _ = stream.take(late, early, state)
        edge, _ = stream.edge()
        np.testing.assert_allclose(np.concatenate((full, edge)), expected, atol=2e-4)


@given(
    rate=st.sampled_from([8000, 11025, 24000]),
    lengths=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=1, max_size=4),
)
@settings(max_examples=25, deadline=None)
def test_streams_heard_together_are_heard_alike(rate: int, lengths: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(6)
    alone, together = ([PosteriorStream(NETWORK, rate) for _ in lengths] for _ in range(2))
    for turn in range(2):
        chunks = [rng.normal(0, 0.1, length[turn]).astype(np.float32) for length in lengths]
        expected = [stream.hear(chunk) for stream, chunk in zip(alone, chunks, strict=True)]
        for steps, same in zip(PosteriorStream.hear_together(together, chunks), expected, strict=True):
            assert steps.shape == same.shape
            np.testing.assert_allclose(steps, same, atol=1e-4)
        assert [s.samples for s in together] == [s.samples for s in alone]
