"""How much audio the next batch has, and when it runs."""

from __future__ import annotations

import pytest

from mascot_server.inference.pace import BATCH_SECONDS, Pace

SPACING = (0.004, 0.008)


def pace(most_seconds: float = 3.2) -> Pace:
    return Pace(most_streams=32, most_seconds=most_seconds, spacing=SPACING)


def test_at_the_start_nothing_is_bounded_but_by_the_setting() -> None:
    assert (pace().seconds, pace().not_before) == (3.2, 0.0)


@pytest.mark.parametrize(("took", "pause"), [(0.0001, 0.004), (0.0015, 0.006), (0.1, 0.008)])
def test_batches_leave_the_loop_to_others_for_a_while(took: float, pause: float) -> None:
    its = pace()
    its.ran(1.0, 1.0 + took, seconds=0.4)
    assert its.not_before == pytest.approx(1.0 + pause)


@pytest.mark.parametrize("cost_ms", [1.0, 5.0, 8.0, 50.0])
def test_batches_of_slow_networks_are_small(cost_ms: float) -> None:
    its = pace()
    for _ in range(50):
        its.ran(0.0, its.seconds * cost_ms / 1000, its.seconds)
    expected = BATCH_SECONDS * 1000 / cost_ms
    assert its.seconds == pytest.approx(min(3.2, max(0.4, expected)), rel=0.01)


def test_batches_grow_again_when_inference_is_fast_again() -> None:
    its = pace()
    for _ in range(50):
        its.ran(0.0, 0.01 * its.seconds, its.seconds)
    assert its.seconds == pytest.approx(0.8, rel=0.01)
    for _ in range(50):
        its.ran(0.0, 0.001 * its.seconds, its.seconds)
    assert its.seconds == 3.2


def test_one_slow_batch_changes_little() -> None:
    its = pace()
    for _ in range(50):
        its.ran(0.0, 0.002 * 3.2, 3.2)
    its.ran(0.0, 0.004 * 3.2, 3.2)
    assert its.seconds >= 2.8


def test_a_clock_that_stands_still_bounds_nothing() -> None:
    its = pace()
    its.ran(1.0, 1.0, seconds=0.1)
    assert its.seconds == 3.2


def test_a_batch_without_audio_says_nothing() -> None:
    its = pace()
    its.ran(1.0, 2.0, seconds=0.0)
    assert its.seconds == 3.2
