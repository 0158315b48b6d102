"""Blend weights and named visemes: read off the wire, and shown by the timeline."""

from __future__ import annotations

import base64
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_client import (
    BlendWeights,
    ConfigurationError,
    ProtocolError,
    Smoother,
    Timeline,
    VisemeEvent,
    VisemeFeed,
    Visemes,
)
from mascot_client._column_names import ColumnNames

NAMES = ("sil", "PP", "aa")


def wire(rows: list[list[int]], *, offset: int = 0, names: tuple[str, ...] | None = NAMES) -> dict[str, Any]:
    frames = base64.b64encode(bytes(byte for row in rows for byte in row)).decode()
    return {
        "fps": 100,
        "offset": offset,
        "frames": frames,
        **({} if names is None else {"names": list(names)}),
    }


def payload(
    rows: list[list[int]] | None,
    *cues: tuple[int, str | int],
    duration: float = 100,
    **options: Any,
) -> Visemes:
    member = {str: "viseme", int: "visemeId"}
    raw: dict[str, Any] = {
        "visemes": [{member[type(shape)]: shape, "offset": offset} for offset, shape in cues],
        "audio_event_id": 1,
        "audio_duration": duration,
    }
    return Visemes.parse(raw if rows is None else {**raw, "weights": wire(rows, **options)})


def test_one_payload() -> None:
    parsed = payload([[255, 0, 0], [51, 0, 204]], (10, "aa"), duration=20, offset=3)
    assert parsed.visemes == (VisemeEvent("aa", 10),)
    assert parsed.weights == BlendWeights(NAMES, 100, 3, bytes([255, 0, 0, 51, 0, 204]))
    assert len(parsed.weights) == 2
    assert parsed.weights.row(1) == pytest.approx({"sil": 0.2, "PP": 0, "aa": 0.8})
    with pytest.raises(IndexError, match="less than 2"):
        parsed.weights.row(2)


def test_members_of_the_future_pass() -> None:
    raw = {
        "visemes": [{"viseme": "PP", "offset": 0, "confidence": 1}],
        "audio_event_id": 1,
        "audio_duration": 10,
    }
    weights = {**wire([[1, 2, 3]]), "fps": 50, "set": "oculus"}
    parsed = Visemes.parse({**raw, "weights": weights, "emotion": {}})
    assert parsed.visemes == (VisemeEvent("PP", 0),)
    assert parsed.weights is not None
    assert parsed.weights.fps == 50
    assert Visemes.parse({**raw, "weights": None}).weights is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fps": 0}, "weights.fps"),
        ({"fps": "100"}, "weights.fps"),
        ({"fps": True}, "weights.fps"),
        ({"fps": math.inf}, "weights.fps"),
        ({"fps": math.nan}, "weights.fps"),
        ({"fps": None}, "weights.fps"),
        ({"offset": -1}, "weights.offset"),
        ({"offset": math.nan}, "weights.offset"),
        ({"names": "sil"}, "weights.names"),
        ({"names": ["sil", "sil", "aa"]}, "weights.names"),
        ({"names": ["sil", 7, "aa"]}, "weights.names"),
        ({"names": ["sil", ["aa"]]}, "weights.names"),
        ({"names": ["sil", "PP"]}, "weights.frames"),
        ({"frames": "AA"}, "weights.frames"),
        ({"frames": "é"}, "weights.frames"),
        ({"frames": None}, "weights.frames"),
        ({"frames": [1, 2, 3]}, "weights.frames"),
    ],
)
def test_what_is_wrong_is_named_and_costs_the_payload_alone(change: dict[str, Any], field: str) -> None:
    raw = {
        "visemes": [],
        "audio_event_id": 1,
        "audio_duration": 10,
        "weights": {**wire([[1, 2, 3]]), **change},
    }
    with pytest.raises(ProtocolError, match=field):
        Visemes.parse(raw)
    assert Visemes.parse_or_none(raw) is None


@pytest.mark.parametrize("weights", [7, "x", [], True])
def test_weights_that_are_no_object(weights: object) -> None:
    with pytest.raises(ProtocolError, match="weights"):
        Visemes.parse({"visemes": [], "audio_event_id": 1, "audio_duration": 10, "weights": weights})


@pytest.mark.parametrize("viseme", ["", 7, ["PP"], {}])
def test_a_viseme_that_is_no_name(viseme: object) -> None:
    entry = {"viseme": viseme, "offset": 0}
    with pytest.raises(ProtocolError, match=r"visemes\[0\]\.viseme"):
        Visemes.parse({"visemes": [entry], "audio_event_id": 1, "audio_duration": 10})


def test_names_are_kept_for_the_payloads_without() -> None:
    named = ColumnNames()
    early = payload([[1, 2, 3]], names=None)
    assert named(early) is early
    first, second = payload([[1, 2, 3]]), payload([[4, 5, 6]], names=None)
    assert named(first) is first
    found = named(second)
    assert found.weights is not None
    assert found.weights.row(0) == pytest.approx({"sil": 4 / 255, "PP": 5 / 255, "aa": 6 / 255})
    assert named(payload([[1, 2]], names=None)).weights is None
    assert named(payload(None)).weights is None


def test_the_timeline_shows_the_rows() -> None:
    timeline = Timeline(blend_ms=0, shapes="oculus")
    timeline.add(payload([[255, 0, 0], [0, 0, 255]], (0, "aa"), duration=20), now_ms=0)
    timeline.add(payload([[0, 255, 0], [0, 255, 0]], (0, "PP"), duration=20, names=None), now_ms=0)
    timeline.played(0, now_ms=0)
    mouth = timeline.mouth(now_ms=0)
    assert (mouth.viseme, mouth.weights) == ("aa", {"sil": 1.0})
    assert timeline.mouth(now_ms=5).weights == pytest.approx({"sil": 0.5, "aa": 0.5})
    assert timeline.mouth(now_ms=10).weights == {"aa": 1.0}
    # Into the next message.
    assert timeline.mouth(now_ms=15).weights == pytest.approx({"aa": 0.5, "PP": 0.5})
    assert timeline.mouth(now_ms=39).weights == {"PP": 1.0}
    mouth = timeline.mouth(now_ms=40)
    assert (mouth.viseme, mouth.weights) == ("sil", {"sil": 1.0})


def test_the_first_row_may_be_inside_the_message() -> None:
    timeline = Timeline(blend_ms=0)
    timeline.add(payload([[0, 0, 255], [0, 255, 0]], duration=25, offset=5), now_ms=0)
    timeline.played(0, now_ms=0)
    assert timeline.mouth(now_ms=2).weights == {"aa": 1.0}
    assert timeline.mouth(now_ms=10).weights == pytest.approx({"aa": 0.5, "PP": 0.5})


def test_the_mouth_comes_to_rest_after_the_audio_and_after_an_interruption() -> None:
    names = ("jawOpen", "mouthClose")
    timeline = Timeline(blend_ms=80)
    timeline.add(payload([[255, 0]] * 50, (0, 2), duration=500, names=names), now_ms=0)
    timeline.played(0, now_ms=0)
    # From rest: the window reaches 40 ms before the audio.
    assert 0 < timeline.mouth(now_ms=0).weights["jawOpen"] < 1
    assert timeline.mouth(now_ms=250).weights == {"jawOpen": 1.0}
    assert timeline.mouth(now_ms=500).weights == pytest.approx({"jawOpen": 0.5})
    assert timeline.mouth(now_ms=541).weights == timeline.rest == {}
    timeline.add(payload([[255, 0]] * 50, duration=500, names=names), now_ms=600)
    timeline.played(500, now_ms=600)
    assert timeline.mouth(now_ms=700).weights == {"jawOpen": 1.0}
    timeline.interrupt(now_ms=700)
    assert timeline.mouth(now_ms=790).weights == {}


@given(
    counts=st.tuples(st.integers(1, 60), st.integers(1, 60), st.integers(0, 60)),
    part=st.floats(0, 1),
    unheard=st.floats(0, 1),
    pause=st.floats(0, 200),
)
def test_an_interruption_while_weights_are_shown(
    counts: tuple[int, int, int], part: float, unheard: float, pause: float
) -> None:
    # Rows that are played, rows that are dropped, and where the second message begins.
    heard, dropped, split = counts
    timeline, named = Timeline(blend_ms=80, shapes="oculus"), ColumnNames()
    rows = [[0, 0, 255]] * heard + [[0, 255, 0]] * dropped
    for number, block in enumerate((rows[:split], rows[split:])):
        if block:
            names = None if number and split else NAMES
            message = payload(block, (0, "aa"), duration=10 * len(block), names=names)
            timeline.add(named(message), now_ms=0)
    timeline.played(0, now_ms=0)
    # The sound card still holds some audio that will be played.
    now, rest = part * 10 * (heard - 1), (1 - part) * 10 * (heard - 1) * unheard
    timeline.interrupt(now_ms=now, unheard_ms=rest)
    end = now + rest
    assert timeline.end_ms == pytest.approx(end)
    for after in range(0, 200, 7):
        mouth = timeline.mouth(now_ms=end + after)
        assert sum(mouth.weights.values()) == pytest.approx(1)
        assert "PP" not in mouth.weights
        assert not mouth.speaking
    assert timeline.mouth(now_ms=end + 200).weights == {"sil": 1.0}
    # The names came once: what follows the interruption does not repeat them.
    start = end + 200 + pause
    answer = payload([[255, 0, 0]] + [[51, 0, 204]] * 19, duration=200, names=None)
    timeline.add(named(answer), now_ms=start)
    timeline.played(timeline.end_ms - 200, now_ms=start)
    assert timeline.mouth(now_ms=start + 100).weights == pytest.approx({"sil": 0.2, "aa": 0.8})


def test_audio_without_weights_keeps_the_last_row_while_the_mouth_is_open() -> None:
    timeline = Timeline(blend_ms=0, shapes="oculus")
    timeline.add(payload([[0, 0, 255]] * 10, (0, "aa")), now_ms=0)
    timeline.add(payload(None), now_ms=0)
    timeline.add_silence(100, now_ms=0)
    timeline.played(0, now_ms=0)
    assert timeline.mouth(now_ms=150).weights == {"aa": 1.0}
    assert timeline.mouth(now_ms=250).weights == {"sil": 1.0}


@pytest.mark.parametrize(
    ("shapes", "closed", "wide"),
    [("sapi", 0, 2), ("oculus", "sil", "aa"), ("vrm", "sil", "aa"), ("rhubarb", "X", "D")],
)
def test_closed_and_loud_mouths_are_of_the_set(shapes: Any, closed: int | str, wide: int | str) -> None:
    timeline = Timeline(shapes=shapes, blend_ms=0)
    assert timeline.mouth(now_ms=0).viseme == closed
    assert timeline.rest == {closed: 1.0}
    loud = b"\x00\x60\x00\xa0" * 1200
    timeline.add(None, loud, sample_rate=24000, now_ms=0)
    timeline.played(0, now_ms=0)
    assert timeline.mouth(now_ms=50).viseme == wide
    assert timeline.mouth(now_ms=200).weights == {closed: 1.0}


def test_an_unknown_set() -> None:
    with pytest.raises(ConfigurationError, match="sapi, oculus, vrm, rhubarb"):
        Timeline(shapes="arkit")  # type: ignore[arg-type]


def test_named_visemes_blend_by_the_events() -> None:
    timeline = Timeline(shapes="vrm")
    timeline.add(payload(None, (0, "aa"), (100, "oh"), duration=300), now_ms=0)
    timeline.played(0, now_ms=0)
    assert timeline.mouth(now_ms=100).weights == pytest.approx({"aa": 0.5, "oh": 0.5})


def test_the_smoother_leaves_names_and_weights_alone() -> None:
    smoother = Smoother()
    named = payload([[1, 2, 3]], (0, "PP"), (5, "aa"), (9, "PP"))
    assert smoother.push(named) is named
    numbers = payload([[1, 2, 3]], (0, 4), (20, 6))
    assert smoother.push(numbers).weights == numbers.weights


def test_a_feed_that_loses_the_names_has_them_in_what_comes_later() -> None:
    feed, named = VisemeFeed(), ColumnNames()
    feed(named(payload([[1, 2, 3]])))
    feed.interrupt()
    feed(named(payload([[4, 5, 6]], names=None)))
    feed.close()
    (left,) = feed
    assert left.weights is not None
    assert left.weights.names == NAMES


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 255), min_size=3, max_size=3), min_size=1, max_size=30),
    st.integers(0, 10),
    st.lists(st.floats(0, 400), min_size=1, max_size=20),
)
def test_weights_stay_within_the_rows_and_move_without_a_jump(
    rows: list[list[int]], offset: int, moments: list[float]
) -> None:
    timeline = Timeline(blend_ms=80)
    timeline.add(payload(rows, duration=10 * len(rows) + offset, offset=offset), now_ms=0)
    timeline.played(0, now_ms=0)
    for now in sorted(moments):
        before, after = timeline.mouth(now_ms=now).weights, timeline.mouth(now_ms=now + 0.01).weights
        for name in NAMES:
            assert 0 <= before.get(name, 0) <= 1
            assert abs(after.get(name, 0) - before.get(name, 0)) < 0.01
