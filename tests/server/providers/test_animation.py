"""`viseme_events: azure`: visemes as events of their own, instead of the member of audio events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.wires import b64, openai_session

from mascot_server.inference.predictions import Prediction
from mascot_server.providers.codec import TurnEnded
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.relay.session import Session


class Track:
    """A stream that nobody runs inference for."""


def session() -> Session:
    return Session(OpenAICodec(viseme_events="azure"), lambda _: Track())  # type: ignore[arg-type, return-value]


def delta(response: str, ms: int, **rest: Any) -> str:
    place = {"response_id": response, "item_id": "item_1", "output_index": 2, "content_index": 1} | rest
    return json.dumps({"type": "response.output_audio.delta", **place, "delta": b64(bytes(48 * ms))})


def event(kind: str, **rest: Any) -> str:
    return json.dumps({"type": kind, **rest})


def sent(conversation: Session, frame: str, *changes: tuple[int, int]) -> list[dict[str, Any]]:
    """What the app gets for a frame."""
    received = conversation.receive(frame)
    frames = conversation.release(received, Prediction(changes[0][1], changes) if changes else None)
    assert frames[-1] == frame
    return [json.loads(message) for message in frames[:-1]]


def test_offsets_count_from_the_start_of_the_response() -> None:
    conversation = session()
    conversation.receive(openai_session({"type": "audio/pcm", "rate": 24000}))
    first = sent(conversation, delta("a", 100), (0, 4), (60, 21))
    assert first[0] == {
        "type": "response.animation_viseme.delta",
        "event_id": "event_mascot_1",
        "response_id": "a",
        "item_id": "item_1",
        "output_index": 2,
        "content_index": 1,
        "audio_offset_ms": 0,
        "viseme_id": 4,
    }
    assert [(change["audio_offset_ms"], change["viseme_id"]) for change in first] == [(0, 4), (60, 21)]
    # Another response at the same time has a clock of its own.
    assert [change["audio_offset_ms"] for change in sent(conversation, delta("b", 40), (0, 7), (20, 8))][
        -1
    ] == 20
    assert sent(conversation, delta("a", 100)) == []
    (change,) = sent(conversation, delta("a", 100), (30, 21), (50, 1))[-1:]
    assert (change["audio_offset_ms"], change["viseme_id"]) == (250, 1)


def test_done_comes_once_before_that_of_the_audio() -> None:
    conversation = session()
    sent(conversation, delta("a", 100), (0, 4))
    ends = [
        event("response.output_audio.done", response_id="a"),
        event("response.done", response={"id": "a", "status": "completed"}),
    ]
    (done,) = sent(conversation, ends[0])
    assert done == {
        "type": "response.animation_viseme.done",
        "event_id": "event_mascot_2",
        "response_id": "a",
        "item_id": "item_1",
        "output_index": 2,
        "content_index": 1,
    }
    assert sent(conversation, ends[1]) == []
    assert sent(conversation, event("response.output_audio.done", response_id="without-audio")) == []


def test_done_comes_with_a_response_that_is_cut_off() -> None:
    conversation = session()
    sent(conversation, delta("a", 100), (0, 4))
    cancelled = event("response.done", response={"id": "a", "status": "cancelled"})
    assert [done["type"] for done in sent(conversation, cancelled)] == ["response.animation_viseme.done"]


def test_indices_that_a_service_leaves_out_are_0() -> None:
    frame = event("response.audio.delta", response_id="a", delta=b64(bytes(960)))
    (change,) = sent(session(), frame, (0, 4))
    assert (change["output_index"], change["content_index"]) == (0, 0)
    assert "item_id" not in change


@pytest.mark.parametrize(
    "own",
    [
        event("session.updated", session={"animation": {"outputs": ["viseme_id"]}}),
        event("response.animation_viseme.delta", response_id="a", audio_offset_ms=0, viseme_id=3),
    ],
)
def test_the_services_own_events_pass_and_no_second_set_is_added(own: str) -> None:
    conversation = session()
    assert sent(conversation, own) == []
    assert sent(conversation, delta("a", 100), (0, 4)) == []
    assert sent(conversation, event("response.output_audio.done", response_id="a")) == []


def test_a_response_whose_end_is_not_told_ends_with_the_next() -> None:
    codec = OpenAICodec()
    for number in range(200):
        codec.see(event("response.created", response={"id": f"r{number}"}))
        codec.see(delta(f"r{number}", 20))
        codec.see(event("response.output_audio.done", response_id=f"r{number}"))
        ended = codec.see(event("response.created", response={"id": f"r{number + 1}"}))
        assert ended == (TurnEnded(f"r{number}"),)


def test_many_responses_without_an_end_do_not_fill_the_memory() -> None:
    conversation = session()
    for number in range(1000):
        sent(conversation, delta(f"r{number}", 20), (0, number % 2 + 1))
    # The oldest are forgotten: nothing is left to be ended.
    assert sent(conversation, event("response.output_audio.done", response_id="r0")) == []
    assert len(sent(conversation, event("response.output_audio.done", response_id="r999"))) == 1


def test_each_response_says_which_shape_it_begins_with() -> None:
    conversation = session()
    assert [change["viseme_id"] for change in sent(conversation, delta("a", 100))] == [0]
    sent(conversation, delta("a", 100), (0, 0), (50, 9))
    (change,) = sent(conversation, delta("b", 100))
    assert (change["audio_offset_ms"], change["viseme_id"]) == (0, 9)
