"""The timeline against a plain model of it: every property over any audio, any clock and any order of events."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_client import ConfigurationError, Mouth, Timeline, VisemeEvent, Visemes

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 24000


def payload(duration: int, *cues: tuple[int, int]) -> Visemes:
    """(offset, id) pairs over so many milliseconds."""
    return Visemes(tuple(VisemeEvent(shape, offset) for offset, shape in cues), 1, duration)


def tone(milliseconds: int, amplitude: int = 12000) -> bytes:
    return array(
        "h",
        [round(amplitude * math.sin(number / 8)) for number in range(RATE * milliseconds // 1000)],
    ).tobytes()


@st.composite
def payloads(draw: st.DrawFn) -> Visemes:
    duration = draw(st.integers(1, 400))
    offsets = sorted(draw(st.sets(st.integers(0, duration - 1), max_size=8)))
    return payload(duration, *((offset, draw(st.integers(0, 21))) for offset in offsets))


def shape_at(messages: Sequence[Visemes], position: float) -> int:
    """The model: the last change at or before a position, and closed outside the audio."""
    shape, start = 0, 0.0
    for message in messages:
        for viseme in message.visemes:
            if start + viseme.offset_ms <= position:
                shape = viseme.id
        start += message.audio_duration_ms
    return shape if 0 <= position < start else 0


def filled(messages: Sequence[Visemes], **options: Any) -> Timeline:
    timeline = Timeline(**options)
    for message in messages:
        timeline.add(message, now_ms=0)
    timeline.played(0, now_ms=0)
    return timeline


@given(st.lists(payloads(), max_size=6), st.lists(st.floats(0, 3000), min_size=1, max_size=20))
def test_the_mouth_has_the_shape_of_the_last_change(messages: list[Visemes], moments: list[float]) -> None:
    timeline = filled(messages)
    for now in sorted(moments):
        mouth = timeline.mouth(now_ms=now)
        position = timeline.position(now_ms=now)
        assert position == min(now, timeline.end_ms)
        assert mouth.viseme == shape_at(messages, position)
        assert mouth.speaking == (position < timeline.end_ms)


@given(st.lists(payloads(), min_size=1, max_size=4), st.floats(0, 1500))
def test_the_next_change_is_the_next_change(messages: list[Visemes], now: float) -> None:
    timeline = filled(messages)
    mouth = timeline.mouth(now_ms=now)
    if mouth.next_in_ms is None:
        position = timeline.position(now_ms=now)
        assert all(
            shape_at(messages, position + ahead) == mouth.viseme
            for ahead in range(math.ceil(timeline.end_ms - position) + 2)
        )
        return
    assert mouth.next_in_ms > 0
    assert mouth.next_viseme != mouth.viseme
    assert timeline.mouth(now_ms=now + mouth.next_in_ms * 0.99).viseme == mouth.viseme
    assert timeline.mouth(now_ms=now + mouth.next_in_ms + 1e-6).viseme == mouth.next_viseme


@given(st.lists(payloads(), max_size=5), st.floats(2, 200), st.floats(0, 500))
def test_weights_are_shares_and_move_softly(messages: list[Visemes], blend: float, start: float) -> None:
    timeline = filled(messages, blend_ms=blend)
    before: Mouth | None = None
    for step in range(30):
        mouth = timeline.mouth(now_ms=start + step)
        assert math.isclose(sum(mouth.weights.values()), 1)
        assert all(0 < weight <= 1 for weight in mouth.weights.values())
        if before is not None:
            for shape in mouth.weights.keys() | before.weights.keys():
                moved = abs(mouth.weights.get(shape, 0) - before.weights.get(shape, 0))
                # A Hann window of this width passes over at most that share in 1 ms, at either of its edges.
                assert moved <= 2 * 2 / blend + 1e-5
        before = mouth


def test_halfway_through_a_change_both_shapes_have_half() -> None:
    timeline = filled([payload(1000, (0, 4), (500, 21))], blend_ms=80)
    assert timeline.mouth(now_ms=300).weights == {4: 1.0}
    assert timeline.mouth(now_ms=500).weights == pytest.approx({4: 0.5, 21: 0.5})
    assert timeline.mouth(now_ms=541).weights == {21: 1.0}


def test_without_blending_the_weights_are_the_shape() -> None:
    timeline = filled([payload(100, (0, 4), (50, 21))], blend_ms=0)
    assert timeline.mouth(now_ms=49).weights == {4: 1.0}
    assert timeline.mouth(now_ms=50).weights == {21: 1.0}


def test_the_mouth_closes_softly_when_the_audio_runs_out() -> None:
    timeline = filled([payload(1000, (0, 2))], blend_ms=80)
    assert timeline.mouth(now_ms=900).next_in_ms == 100
    end = timeline.mouth(now_ms=1000)
    assert (end.viseme, end.next_viseme, end.next_in_ms, end.speaking) == (0, None, None, False)
    assert end.weights == pytest.approx({0: 0.5, 2: 0.5})
    assert timeline.mouth(now_ms=1040).weights == {0: 1.0}


def test_after_a_pause_between_turns_the_mouth_opens_from_closed() -> None:
    timeline = filled([payload(1000, (0, 2))], blend_ms=80)
    assert timeline.mouth(now_ms=1500).weights == {0: 1.0}
    timeline.add(payload(500, (0, 4)), now_ms=5000)
    assert timeline.position(now_ms=5000) == 1000
    mouth = timeline.mouth(now_ms=5000)
    assert mouth.viseme == 4
    assert mouth.weights == pytest.approx({0: 0.5, 4: 0.5})
    assert timeline.position(now_ms=5100) == 1100


def test_nothing_moves_before_playback_starts() -> None:
    timeline = Timeline()
    timeline.add(payload(1000, (0, 2)), now_ms=0)
    mouth = timeline.mouth(now_ms=500)
    assert (mouth.viseme, mouth.speaking, dict(mouth.weights)) == (0, False, {0: 1.0})
    timeline.played(0, now_ms=600, in_ms=50)
    mouth = timeline.mouth(now_ms=600)
    assert (mouth.viseme, mouth.next_viseme, mouth.next_in_ms, mouth.speaking) == (0, 2, 50, False)
    mouth = timeline.mouth(now_ms=630)
    assert (mouth.viseme, mouth.next_in_ms) == (0, 20)
    # The mouth begins to open before the sound.
    assert mouth.weights[2] > 0
    assert timeline.position(now_ms=640) == 0
    assert timeline.position(now_ms=700) == 50


@given(st.lists(payloads(), min_size=1, max_size=4), st.floats(0, 1200), payloads(), st.floats(0, 100))
def test_an_interruption_drops_what_was_not_heard(
    messages: list[Visemes], now: float, after: Visemes, unheard: float
) -> None:
    timeline = filled(messages, blend_ms=0)
    heard = timeline.position(now_ms=now)
    end = timeline.end_ms
    timeline.interrupt(now_ms=now, unheard_ms=unheard)
    assert timeline.end_ms == min(end, heard + unheard)
    assert timeline.mouth(now_ms=now + unheard + 1).viseme == 0
    start = timeline.add(after, now_ms=now + unheard + 1)
    assert start == pytest.approx(timeline.end_ms - after.audio_duration_ms)
    # The server begins anew: only what it says counts, not what the mouth did before.
    wanted = shape_at([after], 0)
    assert timeline.mouth(now_ms=now + unheard + 1).viseme == wanted


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.sampled_from(["add", "interrupt", "pause", "seek", "silence"]), payloads()
        ),
        max_size=12,
    )
)
def test_two_conversations_at_once_show_what_each_shows_alone(
    steps: list[tuple[bool, str, Visemes]],
) -> None:
    def apply(timeline: Timeline, now: int, action: str, visemes: Visemes) -> Mouth:
        if action == "add":
            timeline.add(visemes, now_ms=now)
            timeline.played(timeline.position(now_ms=now), now_ms=now)
        elif action == "interrupt":
            timeline.interrupt(now_ms=now)
        elif action == "pause":
            timeline.pause(now_ms=now)
        elif action == "seek":
            timeline.seek(visemes.audio_duration_ms, now_ms=now)
        else:
            timeline.add_silence(visemes.audio_duration_ms, now_ms=now)
        return timeline.mouth(now_ms=now + 50)

    together = {which: Timeline() for which in (False, True)}
    shown = [
        apply(together[which], 70 * number, action, visemes)
        for number, (which, action, visemes) in enumerate(steps)
    ]
    alone = {which: Timeline() for which in (False, True)}
    for which in (False, True):
        for number, (whose, action, visemes) in enumerate(steps):
            if whose is which:
                assert apply(alone[which], 70 * number, action, visemes) == shown[number]


def test_a_shape_holds_into_the_next_payload() -> None:
    timeline = filled([payload(100, (50, 7)), payload(100), payload(100, (50, 0))])
    assert timeline.mouth(now_ms=220).viseme == 7


@given(st.integers(0, 300), payloads())
def test_late_visemes_take_the_place_of_loudness(now: int, late: Visemes) -> None:
    timeline = Timeline()
    start = timeline.add(None, tone(int(late.audio_duration_ms)), sample_rate=RATE, now_ms=0)
    timeline.played(0, now_ms=0)
    assert timeline.mouth(now_ms=0).viseme == 2
    assert timeline.describe(late, start, now_ms=now)
    position = timeline.position(now_ms=now)
    assert timeline.mouth(now_ms=now).viseme == shape_at([late], position)


def test_late_visemes_of_dropped_audio_are_refused() -> None:
    timeline = filled([payload(100, (0, 4))])
    start = timeline.add(None, tone(100), sample_rate=RATE, now_ms=10)
    timeline.interrupt(now_ms=50)
    assert not timeline.describe(payload(100, (0, 7)), start, now_ms=60)


def test_a_late_payload_does_not_change_what_holds_at_the_front() -> None:
    timeline = Timeline()
    first = timeline.add(None, tone(100), sample_rate=RATE, now_ms=0)
    timeline.add(payload(100, (0, 7)), now_ms=0)
    timeline.describe(payload(100, (0, 4)), first, now_ms=0)
    timeline.add(payload(100), now_ms=0)
    timeline.played(0, now_ms=0)
    assert [timeline.mouth(now_ms=now).viseme for now in (50, 150, 250)] == [4, 7, 7]


def test_audio_without_visemes_moves_the_mouth_by_loudness() -> None:
    timeline = Timeline()
    timeline.add(
        None, bytes(4800) + tone(100, 300) + tone(100, 1500) + tone(100) + b"\x00", sample_rate=RATE, now_ms=0
    )
    timeline.played(0, now_ms=0)
    assert timeline.end_ms == 400
    assert [timeline.mouth(now_ms=now).viseme for now in (50, 150, 250, 350, 450)] == [0, 0, 1, 2, 0]
    # The server's shape holds over audio that nobody described.
    timeline.add(payload(100), now_ms=500)
    assert timeline.mouth(now_ms=550).viseme == 0


@given(
    rate=st.floats(0.99, 1.01),
    every=st.integers(20, 400),
    jitter=st.lists(st.floats(-8, 8), min_size=4, max_size=4),
)
def test_a_drifting_clock_is_followed(rate: float, every: int, jitter: list[float]) -> None:
    timeline = Timeline(history_ms=math.inf)
    timeline.add(payload(60_000, (0, 1)), now_ms=0)
    last = 0.0
    reported = 0
    for now in range(0, 12_000, 10):
        true = now * rate
        if now >= reported:
            timeline.played(max(true + jitter[now // every % 4], 0), now_ms=now)
            reported += every
        position = timeline.position(now_ms=now)
        assert position >= last
        assert abs(position - true) <= 25
        last = position


def test_a_stall_of_the_player_holds_the_mouth_and_never_goes_back() -> None:
    timeline = filled([payload(10_000, (0, 1))])
    assert timeline.position(now_ms=1000) == 1000
    timeline.played(800, now_ms=1000)
    assert timeline.position(now_ms=1100) == 1000
    assert timeline.position(now_ms=1300) == 1100


def test_a_player_that_went_back_is_followed() -> None:
    timeline = filled([payload(10_000, (0, 1))])
    timeline.played(1000, now_ms=5000)
    assert timeline.position(now_ms=5100) == 1100


def test_a_clock_that_goes_back_is_taken_to_stand() -> None:
    timeline = filled([payload(1000, (0, 1))])
    assert timeline.position(now_ms=500) == 500
    assert timeline.position(now_ms=400) == 500


def test_pause_holds_the_shape() -> None:
    timeline = filled([payload(1000, (0, 4), (500, 7))])
    timeline.pause(now_ms=300)
    mouth = timeline.mouth(now_ms=9000)
    assert (mouth.viseme, timeline.position(now_ms=9000)) == (4, 300)
    timeline.played(300, now_ms=9000)
    assert timeline.mouth(now_ms=9201).viseme == 7


def test_audio_added_in_a_pause_at_the_end_waits_with_a_closed_mouth() -> None:
    timeline = filled([payload(100, (0, 4))])
    timeline.pause(now_ms=500)
    timeline.add(payload(100, (0, 7)), now_ms=1000)
    mouth = timeline.mouth(now_ms=2000)
    assert (mouth.viseme, mouth.speaking, dict(mouth.weights)) == (0, False, {0: 1.0})
    timeline.played(100, now_ms=2000)
    assert timeline.mouth(now_ms=2050).weights == {7: 1.0}


@given(st.floats(-1000, 5000), st.floats(0, 3000))
def test_seek_goes_where_there_is_audio(wanted: float, now: float) -> None:
    messages = [payload(1000, (0, 4), (300, 7)), payload(1000, (100, 21))]
    timeline = filled(messages)
    taken = timeline.seek(wanted, now_ms=now)
    assert taken == max(0, min(wanted, 2000))
    assert timeline.position(now_ms=now) == taken
    assert timeline.mouth(now_ms=now).viseme == shape_at(messages, taken)
    assert timeline.position(now_ms=now + 10) == pytest.approx(min(taken + 10, 2000))


def test_history_is_forgotten() -> None:
    timeline = Timeline(history_ms=1000, blend_ms=0)
    timeline.played(0, now_ms=0)
    for number in range(100):
        timeline.add(payload(100, (0, 1 + number % 2)), now_ms=number * 100)
    now = 9950
    assert timeline.seek(0, now_ms=now) == pytest.approx(8900, abs=100)


def test_the_audio_given_counts_where_it_is_shorter_than_its_payload() -> None:
    timeline = Timeline()
    timeline.add(payload(100, (0, 4), (80, 7)), tone(50), sample_rate=RATE, now_ms=0)
    assert timeline.end_ms == 50


def test_a_pause_in_what_is_played_closes_the_mouth_and_changes_no_shape() -> None:
    timeline = filled([payload(100, (0, 7))])
    timeline.add_silence(100, now_ms=0)
    timeline.add(payload(100), now_ms=0)
    assert [timeline.mouth(now_ms=now).viseme for now in (50, 150, 250)] == [7, 0, 7]


@pytest.mark.parametrize(
    ("use", "field"),
    [
        (lambda timeline: timeline.add(None, now_ms=0), "visemes"),
        (lambda timeline: timeline.add(None, b"\0\0", sample_rate=0, now_ms=0), "sample_rate"),
        (lambda timeline: timeline.add(None, b"\0\0", now_ms=0), "sample_rate"),
        (lambda timeline: timeline.add(payload(1), b"\0\0", now_ms=0), "sample_rate"),
        (lambda timeline: timeline.add_silence(-1, now_ms=0), "duration_ms"),
        (lambda timeline: timeline.played(math.nan, now_ms=0), "position_ms"),
        (lambda timeline: timeline.played(0, now_ms=0, in_ms=-1), "in_ms"),
        (lambda timeline: timeline.seek(math.inf, now_ms=0), "position_ms"),
        (lambda timeline: timeline.mouth(now_ms=math.nan), "now_ms"),
        (lambda timeline: timeline.interrupt(now_ms=0, unheard_ms=math.nan), "unheard_ms"),
        (lambda _timeline: Timeline(blend_ms=-1), "blend_ms"),
        (lambda _timeline: Timeline(history_ms=math.nan), "history_ms"),
    ],
)
def test_unusable_values_are_named(use: object, field: str) -> None:
    assert callable(use)
    with pytest.raises(ConfigurationError) as caught:
        use(Timeline())
    assert caught.value.field == field
