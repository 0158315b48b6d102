"""What smoothing promises, over any speech and any settings."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_client import (
    SMOOTHING_PRESETS,
    ConfigurationError,
    Smoother,
    Smoothing,
    VisemeEvent,
    Visemes,
    smooth,
)

Shapes = list[tuple[int, int]]

settings = st.one_of(
    st.sampled_from(list(SMOOTHING_PRESETS.values())),
    st.builds(
        Smoothing,
        min_interval_ms=st.integers(0, 150),
        merge_window_ms=st.integers(0, 150),
        similarity_threshold=st.floats(0, 1.1),
        key_preference=st.floats(0, 1),
        preserve_silence=st.booleans(),
        preserve_critical=st.booleans(),
        critical_min_duration_ms=st.integers(0, 150),
        absorb_ms=st.integers(0, 60),
    ),
)


@st.composite
def turns(draw: st.DrawFn) -> list[Visemes]:
    """Payloads as the server sends them: sorted offsets, each id other than the last."""
    last = 0
    made = []
    for number in range(draw(st.integers(1, 5))):
        duration = draw(st.integers(1, 300))
        visemes = []
        for offset in sorted(draw(st.sets(st.integers(0, duration - 1), max_size=10))):
            shape = (last + draw(st.integers(1, 21))) % 22
            visemes.append(VisemeEvent(shape, offset))
            last = shape
        made.append(Visemes(tuple(visemes), number, duration))
    return made


def absolute(payloads: list[Visemes]) -> Shapes:
    """(ms from the start, id) of every change."""
    start, shapes = 0.0, []
    for payload in payloads:
        shapes += [(int(start) + viseme.offset_ms, int(viseme.id)) for viseme in payload.visemes]
        start += payload.audio_duration_ms
    return shapes


def shape_at(shapes: Shapes, position: float) -> int:
    return next((shape for at, shape in reversed(shapes) if at <= position), 0)


@given(turns(), settings)
def test_the_answer_is_a_valid_stream_of_the_same_length(turn: list[Visemes], smoothing: Smoothing) -> None:
    answer = smooth(turn, smoothing)
    assert [replace(payload, visemes=()) for payload in answer] == [
        replace(payload, visemes=()) for payload in turn
    ]
    for payload in answer:
        assert all(0 <= viseme.offset_ms < payload.audio_duration_ms for viseme in payload.visemes)
    shapes = absolute(answer)
    assert [at for at, _ in shapes] == sorted({at for at, _ in shapes})
    ids = [0, *(shape for _, shape in shapes)]
    assert all(one != other for one, other in pairwise(ids))


@given(turns(), settings)
def test_no_shape_is_invented_or_early(turn: list[Visemes], smoothing: Smoothing) -> None:
    given_shapes = absolute(turn)
    taken = iter(given_shapes)
    for at, shape in absolute(smooth(turn, smoothing)):
        # In the order in which they came, each from a change of its own.
        assert any(original <= at and same == shape for original, same in taken)


@given(turns(), settings)
def test_protected_shapes_are_there_in_their_own_moment(turn: list[Visemes], smoothing: Smoothing) -> None:
    answer = absolute(smooth(turn, smoothing))
    for at, shape in absolute(turn):
        if smoothing.protects(shape):
            assert shape_at(answer, at) == shape


@given(turns(), settings)
def test_other_shapes_keep_their_distance(turn: list[Visemes], smoothing: Smoothing) -> None:
    answer = absolute(smooth(turn, smoothing))
    for (earlier, shown), (later, shape) in pairwise(answer):
        if not smoothing.protects(shape):
            assert later - earlier >= smoothing.min_interval_ms
            if shown in smoothing.critical:
                assert later - earlier >= smoothing.critical_min_duration_ms


@given(turns(), settings, st.integers(0, 21))
def test_the_mouth_does_not_stick(turn: list[Visemes], smoothing: Smoothing, last: int) -> None:
    # A shape that stays is shown in the end, however soon it came.
    stays = Visemes((VisemeEvent(last, 0),), 99, 1000)
    answer = absolute(smooth([*turn, stays], smoothing))
    end = sum(payload.audio_duration_ms for payload in turn) + 999
    assert shape_at(answer, end) == last


@given(turns())
def test_with_everything_off_nothing_changes(turn: list[Visemes]) -> None:
    off = Smoothing(min_interval_ms=0, merge_window_ms=0, absorb_ms=0)
    # Only a first shape that the closed mouth already has goes.
    assert absolute(smooth(turn, off)) == absolute(turn)


def test_fast_and_similar_shapes_go_and_critical_ones_stay() -> None:
    shapes = [(0, 4), (30, 6), (70, 21), (90, 1), (200, 12), (230, 4), (300, 0)]
    turn = [Visemes(tuple(VisemeEvent(shape, offset) for offset, shape in shapes), 1, 400)]
    assert absolute(smooth(turn)) == [(0, 4), (70, 21), (130, 1), (230, 4), (300, 0)]


def test_a_critical_shape_is_held() -> None:
    turn = [Visemes((VisemeEvent(21, 0), VisemeEvent(2, 30), VisemeEvent(18, 200)), 1, 300)]
    held = smooth(turn, SMOOTHING_PRESETS["conversation"])
    assert absolute(held) == [(0, 21), (80, 2), (200, 18)]


def test_a_shape_that_waits_over_the_end_of_a_payload_comes_in_the_next() -> None:
    turn = [Visemes((VisemeEvent(21, 80), VisemeEvent(2, 95)), 1, 100.5), Visemes((), 2, 100)]
    answer = smooth(turn)
    assert [payload.visemes for payload in answer] == [(VisemeEvent(21, 80),), (VisemeEvent(2, 40),)]


def test_reset_forgets() -> None:
    smoother = Smoother()
    payload = Visemes((VisemeEvent(4, 0),), 1, 10)
    assert smoother.push(payload) == payload
    assert smoother.push(payload).visemes == ()
    smoother.reset()
    assert smoother.push(payload) == payload


def test_the_presets_differ() -> None:
    assert sorted(SMOOTHING_PRESETS) == ["articulate", "conversation", "default", "fast_speech"]
    assert len(set(SMOOTHING_PRESETS.values())) == len(SMOOTHING_PRESETS)
    assert SMOOTHING_PRESETS["default"] == Smoothing()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_interval_ms", -1),
        ("merge_window_ms", math.inf),
        ("critical_min_duration_ms", -1),
        ("absorb_ms", math.nan),
        ("similarity_threshold", math.nan),
        ("key_preference", 1.5),
        ("critical", frozenset({22})),
    ],
)
def test_unusable_settings_are_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Smoothing(**{field: value})
    assert caught.value.field == f"Smoothing.{field}"
