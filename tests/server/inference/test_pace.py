"""How many streams the next batch has, and when it runs."""

from __future__ import annotations

import pytest

from mascot_server.inference.pace import BATCH_SECONDS, Pace

SPACING = (0.004, 0.008)


def pace(most_streams: int = 32) -> Pace:
    return Pace(most_streams=most_streams, spacing=SPACING)


def test_at_the_start_nothing_is_bounded_but_by_the_setting() -> None:
    assert (pace().streams, pace().not_before) == (32, 0.0)


@pytest.mark.parametrize(("took", "pause"), [(0.0001, 0.004), (0.0015, 0.006), (0.1, 0.008)])
def test_batches_leave_the_loop_to_others_for_a_while(took: float, pause: float) -> None:
    its = pace()
    its.ran(1.0, 1.0 + took, streams=4)
    assert its.not_before == pytest.approx(1.0 + pause)


@pytest.mark.parametrize("stream_ms", [0.1, 0.5, 0.8, 5.0])
def test_batches_of_slow_networks_are_small(stream_ms: float) -> None:
    its = pace()
    for _ in range(50):
        its.ran(0.0, its.streams * stream_ms / 1000, its.streams)
    expected = BATCH_SECONDS * 1000 / stream_ms
    assert its.streams == pytest.approx(min(32, max(4, expected)), abs=1)


def test_batches_grow_again_when_inference_is_fast_again() -> None:
    its = pace()
    for _ in range(50):
        its.ran(0.0, 0.001 * its.streams, its.streams)
    assert its.streams == 8
    for _ in range(50):
        its.ran(0.0, 0.0001 * its.streams, its.streams)
    assert its.streams == 32


def test_one_slow_batch_changes_little() -> None:
    its = pace()
    for _ in range(50):
        its.ran(0.0, 0.0002 * 32, 32)
    its.ran(0.0, 0.0004 * 32, 32)
    assert its.streams >= 28


def test_a_clock_that_stands_still_bounds_nothing() -> None:
    its = pace()
    its.ran(1.0, 1.0, streams=1)
    assert its.streams == 32
