"""Reading viseme payloads off the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mascot_client import ProtocolError, VisemeEvent, Visemes

GOOD: dict[str, Any] = {
    "visemes": [{"visemeId": 4, "offset": 12}, {"visemeId": 18, "offset": 108}],
    "audio_event_id": 3001,
    "subchunk_id": 1,
    "total_chunks": 2,
    "audio_duration": 720,
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "visemeId", "offset"]), inner)
    ),
    max_leaves=8,
)


@st.composite
def payloads(draw: st.DrawFn) -> Visemes:
    duration = draw(st.integers(1, 10_000))
    offsets = sorted(draw(st.lists(st.integers(0, duration - 1), max_size=20)))
    total = draw(st.integers(1, 9))
    return Visemes(
        visemes=tuple(VisemeEvent(draw(st.integers(0, 21)), offset) for offset in offsets),
        audio_event_id=draw(st.integers(0, 2**31)),
        audio_duration_ms=duration + draw(st.sampled_from([0, 0.5])),
        subchunk_id=draw(st.integers(1, total)),
        total_chunks=total,
    )


def test_one_payload() -> None:
    assert Visemes.parse({**GOOD, "of_the_future": 1}) == Visemes(
        visemes=(VisemeEvent(4, 12), VisemeEvent(18, 108)),
        audio_event_id=3001,
        audio_duration_ms=720,
        subchunk_id=1,
        total_chunks=2,
    )


def test_a_payload_without_counters_is_a_whole_one() -> None:
    parsed = Visemes.parse({"visemes": [], "audio_event_id": 1, "audio_duration": 20})
    assert (parsed.subchunk_id, parsed.total_chunks) == (1, 1)


@settings(deadline=None)
@given(payloads())
def test_what_is_written_is_read(visemes: Visemes) -> None:
    wire = {
        "visemes": [{"visemeId": viseme.id, "offset": viseme.offset_ms} for viseme in visemes.visemes],
        "audio_event_id": visemes.audio_event_id,
        "subchunk_id": visemes.subchunk_id,
        "total_chunks": visemes.total_chunks,
        "audio_duration": visemes.audio_duration_ms,
    }
    assert Visemes.parse(json.loads(json.dumps(wire))) == visemes


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_whatever_comes_gives_visemes_or_none(payload: object) -> None:
    parsed = Visemes.parse_or_none(payload)
    if parsed is not None:
        offsets = [viseme.offset_ms for viseme in parsed.visemes]
        assert offsets == sorted(offsets)
        assert all(0 <= offset < parsed.audio_duration_ms for offset in offsets)
        assert all(viseme.id in range(22) for viseme in parsed.visemes)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visemes": None}, "visemes"),
        ({"visemes": "4"}, "visemes"),
        ({"visemes": [4]}, "visemes[0]"),
        ({"visemes": [{"visemeId": 22, "offset": 0}]}, "visemes[0].visemeId"),
        ({"visemes": [{"visemeId": -1, "offset": 0}]}, "visemes[0].visemeId"),
        ({"visemes": [{"visemeId": True, "offset": 0}]}, "visemes[0].visemeId"),
        ({"visemes": [{"visemeId": 4.0, "offset": 0}]}, "visemes[0].visemeId"),
        ({"visemes": [{"visemeId": 4}]}, "visemes[0].offset"),
        ({"visemes": [{"visemeId": 4, "offset": 720}]}, "visemes[0].offset"),
        ({"visemes": [{"visemeId": 4, "offset": -1}]}, "visemes[0].offset"),
        ({"visemes": [{"visemeId": 4, "offset": 9}, {"visemeId": 5, "offset": 8}]}, "visemes[1].offset"),
        ({"audio_event_id": "1"}, "audio_event_id"),
        ({"audio_duration": None}, "audio_duration"),
        ({"audio_duration": -1}, "audio_duration"),
        ({"audio_duration": float("inf")}, "audio_duration"),
        ({"subchunk_id": 0}, "subchunk_id"),
        ({"subchunk_id": 3}, "subchunk_id"),
        ({"total_chunks": 1.5}, "total_chunks"),
    ],
)
def test_a_bad_member_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        Visemes.parse({**GOOD, **change})
    assert caught.value.field == field


@pytest.mark.parametrize("payload", [None, [], "visemes", 3])
def test_what_is_no_object(payload: object) -> None:
    with pytest.raises(ProtocolError):
        Visemes.parse(payload)
    assert Visemes.parse_or_none(payload) is None
