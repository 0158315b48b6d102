"""Playhead: where playback is, by a clock of the test's."""

from __future__ import annotations

import pytest

from livekit.plugins.mascot.playhead import Playhead


@pytest.fixture
def playing() -> Playhead:
    """A second of audio that began to play at 10 s."""
    playhead = Playhead()
    playhead.capture(9.0, 1000)
    playhead.start(10.0)
    return playhead


def test_nothing_plays_before_the_start() -> None:
    playhead = Playhead()
    playhead.capture(5.0, 1000)
    assert playhead.position_ms(20.0) == 0
    assert playhead.time_of(100) is None
    playhead.start(20.0)
    assert playhead.time_of(100) == pytest.approx(20.1)


def test_it_moves_with_the_clock_to_the_end_of_the_audio(playing: Playhead) -> None:
    assert playing.position_ms(10.4) == pytest.approx(400)
    assert playing.position_ms(12.0) == 1000


def test_a_second_start_changes_nothing(playing: Playhead) -> None:
    playing.start(10.5)
    assert playing.position_ms(10.6) == pytest.approx(600)


def test_audio_in_time_continues(playing: Playhead) -> None:
    playing.capture(10.9, 1000)
    assert playing.position_ms(11.5) == pytest.approx(1500)


def test_audio_after_an_underrun_plays_when_it_comes(playing: Playhead) -> None:
    playing.capture(13.42, 1000)
    assert playing.position_ms(13.42) == pytest.approx(1000)
    assert playing.time_of(1100) == pytest.approx(13.52)


def test_the_sink_corrects_where_it_stalled(playing: Playhead) -> None:
    playing.capture(13.0, 1000)
    playing.report(13.0, 950)
    assert playing.position_ms(13.1) == pytest.approx(1050)


def test_a_pause_stands_still(playing: Playhead) -> None:
    playing.pause(10.3)
    assert not playing.running
    assert playing.position_ms(15.0) == pytest.approx(300)
    playing.resume(15.0)
    assert playing.position_ms(15.1) == pytest.approx(400)


def test_a_sink_that_drops_its_queue_in_a_pause_goes_on_behind_it(playing: Playhead) -> None:
    playing.pause(10.3)
    playing.report(10.34, 340)
    playing.resume(15.0)
    assert playing.position_ms(15.1) == pytest.approx(640)


def test_audio_that_begins_in_a_pause_waits_for_its_end() -> None:
    playhead = Playhead()
    playhead.pause(1.0)
    playhead.capture(2.0, 1000)
    playhead.start(3.0)
    assert not playhead.running
    playhead.resume(4.0)
    assert playhead.position_ms(4.5) == pytest.approx(500)


def test_to_resume_what_was_not_paused_changes_nothing(playing: Playhead) -> None:
    playing.resume(10.5)
    assert playing.position_ms(10.6) == pytest.approx(600)
