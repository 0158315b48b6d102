"""The compiled kernels and their counterparts in numpy agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import kernel_cases
from support.kernel_cases import CASES

from mascot_visemes.kernels import KERNELS, Kernels

FITTING = {"samples": 900, "window": 200, "turns": 400, "weights": 6, "bands": 160, "levels": 4}
"""Sizes of arrays of two streams with two windows each that fit together."""


@pytest.fixture
def kernels() -> Kernels:
    if KERNELS is None:
        pytest.skip("the kernels are not compiled here")
    return KERNELS


def both(case: str, *arguments: int) -> tuple[Any, Any]:
    """Return the results with the kernels, and with numpy alone."""
    command = [sys.executable, str(Path(kernel_cases.__file__)), case, *map(str, arguments)]
    environment = os.environ | {"MASCOT_KERNELS": "0"}
    printed = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
    return CASES[case](*arguments), json.loads(printed)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("rate", [8000, 11025, 12345, 16000, 22050, 24000, 32000, 44100, 48000])
def test_features_agree(rate: int) -> None:
    (bands, levels), (expected_bands, expected_levels) = both("features", rate)
    np.testing.assert_allclose(bands, expected_bands, atol=2e-5)
    np.testing.assert_allclose(levels, expected_levels, atol=1e-4)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("shape", [(1, 1, 15), (1, 10, 15), (9, 10, 15), (3, 300, 22), (5, 11, 2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_paths_are_the_same(shape: tuple[int, int, int], seed: int) -> None:
    paths, expected = both("paths", *shape, seed)
    assert paths == expected
    assert any(path for found in paths for path in found)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("shape", [(1, 10, 4), (6, 10, 4), (5, 3, 0), (4, 1, 2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_decisions_are_the_same(shape: tuple[int, int, int], seed: int) -> None:
    changes, expected = both("decisions", *shape, seed)
    assert changes == expected
    assert len({shape for call in changes for stream in call for _, shape in stream}) > 10


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("rate", [16000, 24000])
def test_visemes_agree(rate: int) -> None:
    shapes, expected = both("visemes", rate)
    assert len({*shapes}) >= 3
    # Rounding may move a change by a frame.
    assert sum(a != b for a, b in zip(shapes, expected, strict=True)) <= 3


@given(changed=st.sampled_from(sorted(FITTING)), size=st.integers(0, 5000))
def test_an_array_of_another_size_is_refused(changed: str, size: int) -> None:
    if KERNELS is None:
        pytest.skip("the kernels are not compiled here")
    sizes = FITTING | {changed: size}
    samples, window, turns, weights, bands, levels = (np.zeros(each, np.float32) for each in sizes.values())
    starts, spans = np.array([0, 100], np.int64), np.array([[0, 4], [2, 4]], np.int32)

    def analyse() -> None:
        KERNELS.analyse(samples, starts, 2, window, turns, 101, spans, weights, bands, levels)

    fits = size >= 600 and size % 2 == 0 if changed == "samples" else size == FITTING[changed]
    if fits:
        analyse()
        assert np.isfinite(bands).all()
    else:
        with pytest.raises(ValueError, match="sizes of the arrays"):
            analyse()


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts": [0, 251]},
        {"starts": [-1, 0]},
        {"spans": [[0, 4], [2, 5]]},
        {"spans": [[0, 4], [100, 102]]},
        {"spans": [[3, 1], [0, 8]]},
        {"streams": 0},
        {"streams": -2},
        {"bins": 102},
        {"bins": -1},
    ],
)
def test_places_outside_the_arrays_are_refused(kernels: Kernels, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"starts": [0, 250], "spans": [[0, 4], [2, 4]], "streams": 2, "bins": 101} | wrong
    samples, window, turns, weights, bands, levels = (np.zeros(size, np.float32) for size in FITTING.values())
    starts, spans = np.array(given["starts"], np.int64), np.array(given["spans"], np.int32)
    with pytest.raises(ValueError, match="sizes of the arrays"):
        kernels.analyse(
            samples, starts, given["streams"], window, turns, given["bins"], spans, weights, bands, levels
        )


def test_a_shape_that_is_none_is_refused(kernels: Kernels) -> None:
    scores, costs = np.zeros((1, 3, 5), np.float32), np.zeros(5)
    assert kernels.best_paths(scores, np.array([4], np.int32), costs) == [[(0, 0)]]
    for shape in (-1, 5):
        with pytest.raises(ValueError, match="sizes of the arrays"):
            kernels.best_paths(scores, np.array([shape], np.int32), costs)
    with pytest.raises(ValueError, match="sizes of the arrays"):
        kernels.best_paths(scores[:, :, :4].copy(), np.array([0], np.int32), costs)


def test_scores_of_other_sizes_are_refused(kernels: Kernels) -> None:
    shares, levels, smallest = (
        np.ones((2, 5, 4), np.float32),
        np.zeros((2, 3), np.float32),
        np.ones(4, np.float32),
    )
    scores = np.zeros((2, 3, 4), np.float32)
    kernels.scores(shares, levels, 2, smallest, smallest, 1, -60.0, scores)
    assert scores[:, :2].max() == 0
    assert scores[:, 2].min() == 1
    for wrong in (
        (shares[:, :2].copy(), levels, 2, smallest, smallest, 1, -60.0, scores),
        (shares, levels[0].copy(), 2, smallest, smallest, 1, -60.0, scores),
        (shares, levels, 2, smallest[:3].copy(), smallest, 1, -60.0, scores),
        (shares, levels, 2, smallest, smallest[:3].copy(), 1, -60.0, scores),
        (shares, levels, 2, smallest, smallest, -1, -60.0, scores),
        (shares, levels, 2, smallest, smallest, 1, -60.0, scores[:1].copy()),
    ):
        with pytest.raises(ValueError, match="sizes of the arrays"):
            kernels.scores(*wrong)


def test_closures_of_other_sizes_are_refused(kernels: Kernels) -> None:
    shares, is_closure = np.zeros((2, 5, 4), np.float32), np.array([False, True, False, False])
    shares[1, 3, 1] = 0.5
    assert kernels.clear_closures(shares, 2, 5, is_closure, 1.5) == [(1, 2, 1)]
    for streams, decided, wrong in (
        (2, 6, is_closure),
        (2, -1, is_closure),
        (2, 5, is_closure[:3]),
        (3, 1, is_closure),
        (0, 5, is_closure),
    ):
        with pytest.raises(ValueError, match="sizes of the arrays"):
            kernels.clear_closures(shares, streams, decided, wrong, 1.5)
