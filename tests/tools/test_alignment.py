"""Realignment of the training labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tools.train.alignment import realigned


def _runs(labels: np.ndarray) -> tuple[list[int], list[int]]:
    starts = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist()]
    return [int(labels[s]) for s in starts], starts


@st.composite
def _alignments(draw: st.DrawFn) -> np.ndarray:
    """Runs of labels 0 to 4, neighbours different."""
    steps = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 12)), min_size=1, max_size=12))
    label, result = 0, []
    for step, length in steps:
        label = (label + step) % 5
        result += [label] * length
    return np.array(result, np.int8)


@given(_alignments(), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_runs_stay_in_order_and_boundaries_within_reach(labels: np.ndarray, reach: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(len(labels), 5)).astype(np.float32)
    moved = realigned(labels, scores, reach)
    was, starts = _runs(labels)
    now, new_starts = _runs(moved)
    assert now == was
    assert np.abs(np.subtract(starts, new_starts)).max() <= reach
    frames = np.arange(len(labels))
    assert scores[frames, moved].sum() >= scores[frames, labels].sum() - 1e-3


def test_a_boundary_moves_to_where_the_scores_change() -> None:
    truth = np.array([0] * 8 + [1] * 12 + [0] * 5, np.int8)
    aligned = np.array([0] * 11 + [1] * 6 + [0] * 8, np.int8)
    scores = np.full((25, 2), -3.0, np.float32)
    scores[np.arange(25), truth] = -0.05
    assert realigned(aligned, scores, 4).tolist() == truth.tolist()


def test_a_boundary_goes_no_further_than_it_may() -> None:
    truth = np.array([0] * 4 + [1] * 16, np.int8)
    aligned = np.array([0] * 12 + [1] * 8, np.int8)
    scores = np.full((20, 2), -3.0, np.float32)
    scores[np.arange(20), truth] = -0.05
    assert realigned(aligned, scores, 3).tolist() == [0] * 9 + [1] * 11
