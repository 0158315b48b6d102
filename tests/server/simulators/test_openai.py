"""A simulated OpenAI Realtime conversation, by a clock of the test's own."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from support.openai_events import (
    CREATE,
    END_OF_RESPONSE,
    USER_TEXT,
    append,
    error_of,
    kinds,
    of_type,
    sound,
    update,
)

from mascot_server.providers.openai.simulator.conversation import OpenAIConversation
from mascot_server.simulators.core.conversation import Pacing
from mascot_server.simulators.core.voice import answer, chunks

if TYPE_CHECKING:
    from mascot_server.simulators.core.sound import Encoding


@pytest.fixture
def call(play: Any) -> Any:
    return play(OpenAIConversation(Pacing(), "gpt-realtime"))


def test_the_session_is_introduced_at_once(call: Any) -> None:
    [created] = call.events
    assert created["type"] == "session.created"
    session = created["session"]
    assert session["model"] == "gpt-realtime"
    assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert created["event_id"] == "event_" + "1".zfill(21)
    assert session["id"].startswith("sess_")


def test_a_whole_turn(call: Any) -> None:
    assert kinds(call.say(USER_TEXT)) == ["conversation.item.added", "conversation.item.done"]
    events = call.say(CREATE) + call.wait()
    assert kinds(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        *END_OF_RESPONSE,
    ]
    assert sound(events) == answer(0).samples.astype("<i2").tobytes()
    deltas = of_type(events, "response.output_audio_transcript.delta")
    assert "".join(event["delta"] for event in deltas) == answer(0).text
    done = events[-1]["response"]
    assert (done["status"], done["status_details"]) == ("completed", None)
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": answer(0).text}]
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]
    created = events[0]["response"]
    assert created["status"] == "in_progress"
    assert created["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}
    for event in of_type(events, "response.output_audio.delta"):
        assert event["response_id"] == done["id"] == created["id"]
        assert event["item_id"] == done["output"][0]["id"]
        assert (event["output_index"], event["content_index"]) == (0, 0)
    ids = [event["event_id"] for event in call.events]
    assert ids == [f"event_{number:021d}" for number in range(1, len(ids) + 1)]


def test_items_are_chained(call: Any) -> None:
    call.say(USER_TEXT)
    first = call.events[-1]["item"]["id"]
    events = call.say(CREATE) + call.wait()
    added = of_type(events, "conversation.item.added")[0]
    assert added["previous_item_id"] == first
    assert call.say(USER_TEXT)[0]["previous_item_id"] == added["item"]["id"]


def test_a_spoken_turn(call: Any, speech: Any) -> None:
    [started] = call.say(append(speech.quiet(200, 24000) + speech.loud(600, 24000)))
    assert started["type"] == "input_audio_buffer.speech_started"
    assert 180 <= started["audio_start_ms"] <= 400
    events = call.say(append(speech.quiet(320, 24000)))
    assert kinds(events)[:5] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert {event["item_id"] for event in events[:2]} == {started["item_id"]} == {events[2]["item"]["id"]}
    assert events[0]["audio_end_ms"] <= 800
    assert events[2]["item"]["content"] == [{"type": "input_audio", "transcript": None}]


def test_transcription_of_the_user_comes_when_asked_for(call: Any, speech: Any) -> None:
    call.say(update(audio={"input": {"transcription": {"model": "whisper-1"}}}))
    events = call.say(append(speech.loud(600, 24000) + speech.quiet(320, 24000)))
    [done] = of_type(events, "conversation.item.input_audio_transcription.completed")
    assert done["transcript"]


@pytest.mark.parametrize(
    ("wire_format", "rate", "encoding"), [("audio/pcmu", 8000, "mulaw"), ("audio/pcma", 8000, "alaw")]
)
def test_telephone_formats_both_ways(
    call: Any, speech: Any, wire_format: str, rate: int, encoding: Encoding
) -> None:
    direction = {"format": {"type": wire_format}}
    [updated] = call.say(update(audio={"input": direction, "output": direction}))
    assert updated["type"] == "session.updated"
    assert updated["session"]["audio"]["output"]["format"] == {"type": wire_format}
    assert updated["session"]["audio"]["output"]["voice"] == "marin"
    call.say(append(speech.loud(600, rate, encoding) + speech.quiet(320, rate, encoding)))
    expected = b"".join(chunk.data for chunk in chunks(answer(0), rate, encoding))
    call.wait()
    assert sound(call.events) == expected


def test_a_response_can_have_a_format_and_metadata_of_its_own(call: Any) -> None:
    options = {"audio": {"output": {"format": {"type": "audio/pcmu"}}}, "metadata": {"topic": "boats"}}
    events = call.say({"type": "response.create", "response": options}) + call.wait()
    created = of_type(events, "response.created")[0]["response"]
    assert created["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert created["metadata"] == {"topic": "boats"}
    assert len(sound(events)) == answer(0).duration_ms * 8


def test_speaking_over_a_response_that_is_being_sent_cancels_it(call: Any, speech: Any) -> None:
    call.say(CREATE)
    call.wait(0.3)
    events = call.say(append(speech.loud(200, 24000)))
    assert kinds(events) == ["input_audio_buffer.speech_started", *END_OF_RESPONSE]
    done = events[-1]["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    said = "".join(event["delta"] for event in of_type(call.events, "response.output_audio_transcript.delta"))
    assert of_type(events, "response.output_audio_transcript.done")[0]["transcript"] == said
    assert done["output"][0]["status"] == "incomplete"
    assert call.wait() == []


def test_speaking_after_a_response_was_sent_only_starts_a_turn(call: Any, speech: Any) -> None:
    call.say(CREATE)
    call.wait()
    assert kinds(call.say(append(speech.loud(200, 24000)))) == ["input_audio_buffer.speech_started"]


def test_without_turn_detection_the_client_commits(call: Any, speech: Any) -> None:
    call.say(update(audio={"input": {"turn_detection": None}}))
    assert call.say(append(speech.loud(600, 24000) + speech.quiet(320, 24000))) == []
    events = call.say({"type": "input_audio_buffer.commit"})
    assert kinds(events) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    error = error_of(call.say({"type": "input_audio_buffer.commit"}))
    assert error["code"] == "input_audio_buffer_commit_empty"


def test_turn_detection_can_leave_the_response_to_the_client(call: Any, speech: Any) -> None:
    detection = {"type": "server_vad", "create_response": False, "interrupt_response": False}
    call.say(update(audio={"input": {"turn_detection": detection}}))
    call.say(CREATE)
    events = call.say(append(speech.loud(600, 24000) + speech.quiet(320, 24000)))
    assert "response.done" not in kinds(events)
    assert kinds(call.wait())[-1] == "response.done"
    assert len(of_type(call.events, "response.created")) == 1


def test_clearing_the_buffer(call: Any, speech: Any) -> None:
    call.say(append(speech.quiet(200, 24000)))
    assert kinds(call.say({"type": "input_audio_buffer.clear"})) == ["input_audio_buffer.cleared"]
    assert (
        error_of(call.say({"type": "input_audio_buffer.commit"}))["code"] == "input_audio_buffer_commit_empty"
    )


def test_cancelling(call: Any) -> None:
    assert error_of(call.say({"type": "response.cancel"}))["code"] == "response_cancel_not_active"
    call.say(CREATE)
    call.wait(0.1)
    events = call.say({"type": "response.cancel"})
    assert kinds(events) == END_OF_RESPONSE
    assert events[-1]["response"]["status_details"]["reason"] == "client_cancelled"
    assert kinds(call.say(CREATE))[0] == "response.created"


def test_only_one_response_at_a_time(call: Any) -> None:
    call.say(CREATE)
    error = error_of(call.say(CREATE | {"event_id": "mine"}))
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "mine"
    assert kinds(call.wait())[-1] == "response.done"


def test_truncating(call: Any) -> None:
    events = call.say(CREATE) + call.wait()
    item = events[-1]["response"]["output"][0]["id"]
    truncate = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0}
    [truncated] = call.say(truncate | {"audio_end_ms": 1500})
    assert truncated["type"] == "conversation.item.truncated"
    assert (truncated["item_id"], truncated["content_index"], truncated["audio_end_ms"]) == (item, 0, 1500)
    assert error_of(call.say(truncate | {"audio_end_ms": 60000}))["param"] == "audio_end_ms"
    assert error_of(call.say(truncate | {"item_id": "item_x", "audio_end_ms": 1}))["code"] == "item_not_found"


def test_retrieving(call: Any) -> None:
    events = call.say(CREATE) + call.wait()
    spoken = events[-1]["response"]["output"][0]
    [retrieved] = call.say({"type": "conversation.item.retrieve", "item_id": spoken["id"]})
    assert (retrieved["type"], retrieved["item"]) == ("conversation.item.retrieved", spoken)

    content = [{"type": "input_text", "text": "Hello."}]
    item = {"type": "message", "role": "user", "content": content}
    [added, _] = call.say({"type": "conversation.item.create", "item": item})
    question = {"type": "conversation.item.retrieve", "item_id": added["item"]["id"]}
    [retrieved] = call.say(question)
    assert retrieved["item"] == added["item"]
    assert retrieved["item"]["content"] == content
    assert error_of(call.say(question | {"item_id": "item_x"}))["code"] == "item_not_found"
    truncate = {"type": "conversation.item.truncate", "item_id": added["item"]["id"], "audio_end_ms": 1}
    assert error_of(call.say(truncate))["param"] == "item_id"


def test_the_voice_is_fixed_by_the_first_sound(call: Any) -> None:
    [updated] = call.say(update(audio={"output": {"voice": "cedar"}}))
    assert updated["session"]["audio"]["output"]["voice"] == "cedar"
    call.say(CREATE)
    call.wait()
    assert error_of(call.say(update(audio={"output": {"voice": "alloy"}})))["code"] == "cannot_update_voice"
    assert kinds(call.say(update(audio={"output": {"voice": "cedar"}}))) == ["session.updated"]


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("{", "invalid_json", None),
        ("[1]", "invalid_json", None),
        ("{}", "missing_required_parameter", "type"),
        ({"type": "nonsense"}, "invalid_value", "type"),
        ({"type": ["list"]}, "invalid_value", "type"),
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": 1}, "invalid_type", "session"),
        ({"type": "session.update", "session": {}}, "missing_required_parameter", "session.type"),
        (update(colour="red"), "unknown_parameter", "session.colour"),
        (update(output_modalities=["text"]), "invalid_value", "session.output_modalities"),
        (update(audio={"output": {"voice": "nobody"}}), "invalid_value", "session.audio.output.voice"),
        (update(audio={"output": {"pitch": 1}}), "unknown_parameter", "session.audio.output.pitch"),
        (update(audio={"output": {"format": "pcm16"}}), "invalid_value", "session.audio.output.format.type"),
        (
            update(audio={"input": {"format": {"type": "audio/pcm", "rate": 16000}}}),
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        ({"type": "input_audio_buffer.append", "audio": "?"}, "invalid_value", "audio"),
        ({"type": "input_audio_buffer.append"}, "invalid_value", "audio"),
        ({"type": "conversation.item.create"}, "missing_required_parameter", "item"),
        ({"type": "conversation.item.create", "item": {"type": "x"}}, "invalid_value", "item.type"),
        ({"type": "conversation.item.create", "item": {"type": "message"}}, "invalid_value", "item.role"),
        (
            {"type": "conversation.item.create", "item": {"type": "message", "role": "user"}},
            "missing_required_parameter",
            "item.content",
        ),
    ],
)
def test_wrong_events_get_an_error_and_the_conversation_goes_on(
    call: Any, message: Any, code: str, param: str | None
) -> None:
    error = error_of(call.say(message))
    assert (error["code"], error["param"]) == (code, param)
    assert call.closed is None
    assert kinds(call.say(CREATE))[0] == "response.created"


def test_the_same_events_get_the_same_frames(play: Any, speech: Any) -> None:
    def run() -> list[str | bytes]:
        call = play(OpenAIConversation(Pacing(), "gpt-realtime"))
        call.say(USER_TEXT)
        call.say(CREATE)
        call.wait(0.3)
        call.say(append(speech.loud(400, 24000) + speech.quiet(400, 24000)))
        call.wait()
        return [frame.message for frame in call.frames]

    first = run()
    assert first == run()
    assert json.loads(first[-1])["type"] == "response.done"


def done(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Ids and statuses of the responses that ended."""
    responses = [event["response"] for event in of_type(events, "response.done")]
    return [(response["id"], response["status"]) for response in responses]


ASIDE = {"type": "response.create", "response": {"conversation": "none", "metadata": {"topic": "mood"}}}


def test_responses_outside_the_conversation_are_sent_beside_it(call: Any) -> None:
    first = of_type(call.say(CREATE), "response.created")[0]["response"]
    call.wait(0.1)
    events = call.say(ASIDE)
    aside = of_type(events, "response.created")[0]["response"]
    assert first["conversation_id"].startswith("conv_")
    assert aside["conversation_id"] is None
    assert "conversation.item.added" not in kinds(events)
    events = call.wait()
    order = [event["response_id"] for event in of_type(events, "response.output_audio.delta")]
    switches = sum(1 for one, other in pairwise(order) if one != other)
    assert switches > 10
    assert done(events) == [(first["id"], "completed"), (aside["id"], "completed")]
    assert len(of_type(call.events, "conversation.item.done")) == 1
    for number, name in enumerate((first["id"], aside["id"])):
        deltas = [e for e in of_type(call.events, "response.output_audio.delta") if e["response_id"] == name]
        expected = b"".join(chunk.data for chunk in chunks(answer(number), 24000, "pcm16"))
        assert sound(deltas) == expected


def test_speech_cancels_the_response_of_the_conversation_alone(call: Any, speech: Any) -> None:
    first = of_type(call.say(CREATE), "response.created")[0]["response"]["id"]
    aside = of_type(call.say(ASIDE), "response.created")[0]["response"]["id"]
    call.wait(0.1)
    assert done(call.say(append(speech.loud(200, 24000)))) == [(first, "cancelled")]
    assert done(call.wait()) == [(aside, "completed")]


def test_a_response_outside_the_conversation_is_cancelled_by_its_id(call: Any) -> None:
    first = of_type(call.say(CREATE), "response.created")[0]["response"]["id"]
    aside = of_type(call.say(ASIDE), "response.created")[0]["response"]["id"]
    call.wait(0.1)
    cancel = {"type": "response.cancel", "response_id": aside}
    assert done(call.say(cancel)) == [(aside, "cancelled")]
    assert error_of(call.say(cancel))["code"] == "response_cancel_not_active"
    assert done(call.wait()) == [(first, "completed")]


@pytest.mark.parametrize("conversation", ["auto", "none"])
def test_a_response_may_be_written(call: Any, conversation: str) -> None:
    events = call.say(
        {"type": "response.create", "response": {"conversation": conversation, "output_modalities": ["text"]}}
    )
    events += call.wait()
    assert "audio" not in " ".join(event["type"] for event in events)
    text = "".join(event["delta"] for event in of_type(events, "response.output_text.delta"))
    assert text == answer(0).text
    [ended] = of_type(events, "response.done")
    assert ended["response"]["output_modalities"] == ["text"]
    assert ended["response"]["output"][0]["content"] == [{"type": "output_text", "text": text}]
