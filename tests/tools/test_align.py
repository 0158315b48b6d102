"""Boundaries of phones where a model hears them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("soundfile", reason="making training speech needs soundfile")

from tools.synthesis.align import REACH_FRAMES, best_boundaries


def heard(starts: list[int], frames: int, phones: int) -> np.ndarray:
    """Scores that favour phone after phone from the starts given, the first from 0."""
    scores = np.full((frames, phones), -6.0)
    for phone, (start, end) in enumerate(itertools.pairwise([0, *starts, frames])):
        scores[start:end, phone] = 0.0
    return scores


def test_boundaries_go_where_the_phones_are_heard() -> None:
    assert best_boundaries(heard([11, 18, 31], 40, 4), [9.0, 20.4, 30.0]) == [11, 18, 31]


def test_but_no_further_than_they_may() -> None:
    assert best_boundaries(heard([30], 40, 2), [10.0]) == [10 + REACH_FRAMES]
    assert best_boundaries(heard([], 40, 1), []) == []


@given(
    lengths=st.lists(st.integers(1, 12), min_size=2, max_size=8),
    seed=st.integers(0, 1000),
)
def test_the_best_of_all_ways(lengths: list[int], seed: int) -> None:
    ends = list(itertools.accumulate(lengths))
    frames, near = ends[-1], [float(end) for end in ends[:-1]]
    scores = np.random.default_rng(seed).normal(0, 1, (frames, len(lengths)))
    found = best_boundaries(scores, near)
    assert found == sorted(found)
    assert all(abs(frame - about) <= REACH_FRAMES for frame, about in zip(found, near, strict=True))

    def total(starts: list[int]) -> float:
        parts = enumerate(itertools.pairwise([0, *starts, frames]))
        return sum(float(scores[a:b, phone].sum()) for phone, (a, b) in parts)

    if len(set(found)) == len(found):
        for i, step in itertools.product(range(len(found)), (-1, 1)):
            other = [*found]
            other[i] += step
            edges = [0, *other, frames]
            apart = all(a < b for a, b in itertools.pairwise(edges))
            if apart and abs(other[i] - near[i]) <= REACH_FRAMES:
                assert total(other) <= total(found) + 1e-9
