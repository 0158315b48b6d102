"""Boundaries of phones at the times that a model predicts."""

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
    assert best_boundaries(heard([11, 18, 31], 40, 4), [9.0, 20.4, 30.0], [REACH_FRAMES] * 3) == [11, 18, 31]


def test_but_no_further_than_they_may() -> None:
    assert best_boundaries(heard([30], 40, 2), [10.0], [REACH_FRAMES]) == [10 + REACH_FRAMES]
    assert best_boundaries(heard([], 40, 1), [], []) == []


def test_a_pause_may_begin_much_earlier() -> None:
    assert best_boundaries(heard([8, 12], 60, 3), [9.0, 45.0], [REACH_FRAMES, 40]) == [8, 12]
    assert best_boundaries(heard([8, 12], 60, 3), [9.0, 45.0], [REACH_FRAMES, 20]) == [8, 25]


@given(
    lengths=st.lists(st.integers(1, 12), min_size=2, max_size=8),
    pauses=st.sets(st.integers(0, 6)),
    seed=st.integers(0, 1000),
)
def test_the_best_of_all_ways(lengths: list[int], pauses: set[int], seed: int) -> None:
    ends = list(itertools.accumulate(lengths))
    frames, near = ends[-1], [float(end) for end in ends[:-1]]
    early = [20 if i in pauses else REACH_FRAMES for i in range(len(near))]
    scores = np.random.default_rng(seed).normal(0, 1, (frames, len(lengths)))
    found = best_boundaries(scores, near, early)
    assert found == sorted(found)

    def within_reach(starts: list[int]) -> bool:
        moved = [start - about for start, about in zip(starts, near, strict=True)]
        return all(-before <= by <= REACH_FRAMES for by, before in zip(moved, early, strict=True))

    assert within_reach(found)

    def total(starts: list[int]) -> float:
        parts = enumerate(itertools.pairwise([0, *starts, frames]))
        return sum(float(scores[a:b, phone].sum()) for phone, (a, b) in parts)

    if len(set(found)) == len(found):
        for i, step in itertools.product(range(len(found)), (-1, 1)):
            other = [*found]
            other[i] += step
            edges = [0, *other, frames]
            apart = all(a < b for a, b in itertools.pairwise(edges))
            if apart and within_reach(other):
                assert total(other) <= total(found) + 1e-9
