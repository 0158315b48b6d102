"""When the client needs the audio of a turn, by clock values alone."""

from __future__ import annotations

import pytest

from mascot_server.inference.playout import Playout


def test_a_burst_is_needed_one_piece_after_the_other() -> None:
    playout = Playout()
    assert [playout.due(5.0, 0.1) for _ in range(3)] == pytest.approx([5.0, 5.1, 5.2])


def test_after_a_gap_audio_is_needed_at_once() -> None:
    playout = Playout()
    playout.due(5.0, 0.1)
    assert playout.due(6.0, 0.1) == 6.0
    assert playout.due(6.0, 0.1) == 6.1


def test_a_new_turn_does_not_wait_for_the_end_of_the_last() -> None:
    playout = Playout()
    playout.due(5.0, 30.0)
    playout.restart()
    assert playout.due(5.5, 0.1) == 5.5
