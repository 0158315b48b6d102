"""Moving estimates of the time that inference takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.inference.inference_times import InferenceTimes

SIZES = [1, 2, 4, 8, 16, 32]


def times() -> InferenceTimes:
    """One call takes 1 ms and 1 ms more for each stream, which has 100 ms of audio."""
    return InferenceTimes({"slow": {1: 0.002, 8: 0.009}}, seconds=0.1)


@pytest.mark.parametrize("size", SIZES)
def test_the_first_estimates_are_on_a_straight_line(size: int) -> None:
    assert times().cost("slow", size) == pytest.approx((0.001 + 0.001 * size) / (0.1 * size))


@pytest.mark.parametrize("size", SIZES)
def test_a_machine_that_is_slower_is_noticed_within_50_batches(size: int) -> None:
    estimates, before = times(), times()
    for _ in range(50):
        seconds = 0.1 * size
        estimates.note("slow", streams=size, audio=seconds, took=2 * before.cost("slow", size) * seconds)
    assert estimates.cost("slow", size) == pytest.approx(2 * before.cost("slow", size), rel=0.02)
    # Sizes that were not measured follow.
    assert all(estimates.cost("slow", other) > 1.5 * before.cost("slow", other) for other in SIZES)


def test_one_measurement_that_was_disturbed_changes_little() -> None:
    estimates = times()
    before = estimates.cost("slow", 8)
    estimates.note("slow", streams=8, audio=0.8, took=5.0)
    assert estimates.cost("slow", 8) <= 1.13 * before


@given(
    st.lists(
        st.tuples(st.integers(0, 64), st.floats(1e-3, 60), st.floats(0, 10)),
        max_size=50,
    )
)
def test_estimates_stay_finite_and_above_0(measurements: list[tuple[int, float, float]]) -> None:
    estimates = times()
    for streams, audio, took in measurements:
        estimates.note("slow", streams=streams, audio=audio, took=took)
    assert all(0 < estimates.cost("slow", size) < float("inf") for size in SIZES)


def test_a_disturbed_first_measurement_gives_no_negative_cost() -> None:
    estimates = InferenceTimes({"slow": {1: 0.01, 8: 0.004}}, seconds=0.1)
    assert all(estimates.cost("slow", size) > 0 for size in SIZES)
