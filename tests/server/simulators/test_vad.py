"""When a user is heard to begin and to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.simulators.core.vad import SpeechStarted, SpeechStopped, VoiceActivity
from mascot_server.simulators.core.voice import greeting

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tone(milliseconds: int, rate: int = 16000) -> NDArray[np.int16]:
    return np.full(rate * milliseconds // 1000, 3000, np.int16)


def silence(milliseconds: int, rate: int = 16000) -> NDArray[np.int16]:
    return np.zeros(rate * milliseconds // 1000, np.int16)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_speech_starts_after_120_ms_and_stops_after_300_ms(rate: int) -> None:
    ears = VoiceActivity(rate)
    assert ears.feed(silence(200, rate)) == []
    assert ears.feed(tone(100, rate)) == []
    assert ears.feed(tone(20, rate)) == [SpeechStarted(200)]
    assert ears.feed(tone(500, rate)) == []
    assert ears.feed(silence(280, rate)) == []
    assert ears.feed(silence(20, rate)) == [SpeechStopped(820)]


def test_a_click_and_a_short_pause_change_nothing() -> None:
    ears = VoiceActivity(16000)
    assert ears.feed(np.concatenate([tone(100), silence(100), tone(100), silence(100)])) == []
    assert ears.feed(tone(200)) == [SpeechStarted(400)]
    assert ears.feed(np.concatenate([silence(200), tone(20), silence(200)])) == []


def test_the_end_of_the_stream_ends_speech() -> None:
    ears = VoiceActivity(16000)
    assert ears.finish() == []
    ears.feed(tone(200))
    assert ears.finish() == [SpeechStopped(200)]
    assert ears.finish() == []


@given(st.lists(st.integers(0, 3000), max_size=20))
def test_the_split_of_the_audio_does_not_matter(cuts: list[int]) -> None:
    audio = np.concatenate([silence(90), tone(300), silence(400), tone(130), silence(310)])
    whole = VoiceActivity(16000).feed(audio)
    ears = VoiceActivity(16000)
    pieces = np.split(audio, sorted(cut for cut in np.cumsum(cuts) if cut < len(audio)))
    assert [change for piece in pieces for change in ears.feed(piece)] == whole
    assert len(whole) == 4


def test_a_recorded_voice_is_heard_sentence_by_sentence() -> None:
    reply = greeting()
    changes = VoiceActivity(reply.sample_rate).feed(np.concatenate([reply.samples, silence(300, 24000)]))
    assert isinstance(changes[0], SpeechStarted)
    assert abs(changes[0].at_ms - reply.words[0].start_ms) < 100
    assert isinstance(changes[-1], SpeechStopped)
    assert abs(changes[-1].at_ms - reply.words[-1].end_ms) < 200
