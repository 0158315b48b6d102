"""A simulated ElevenLabs conversation, by a clock of the test's own."""

from __future__ import annotations

import base64
import json
import math
from itertools import pairwise
from typing import Any

import pytest

from mascot_server.providers.elevenlabs.simulator.conversation import AUDIO_FORMATS, ElevenLabsConversation
from mascot_server.providers.elevenlabs.simulator.queue import TIMED_OUT, QueuedConversation
from mascot_server.simulators.core.conversation import Pacing
from mascot_server.simulators.core.voice import answer, chunks, greeting

CLIENT_DATA = {"type": "conversation_initiation_client_data", "conversation_config_override": {}}
STARTS_WITH_NAME = "Hello Ada, welcome"


def of_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def sound(events: list[dict[str, Any]]) -> bytes:
    return b"".join(
        base64.b64decode(event["audio_event"]["audio_base_64"]) for event in of_type(events, "audio")
    )


def user_audio(data: bytes) -> dict[str, Any]:
    return {"user_audio_chunk": base64.b64encode(data).decode()}


@pytest.fixture
def call(play: Any) -> Any:
    """A conversation after the greeting has been sent and heard."""
    call = play(ElevenLabsConversation(Pacing()))
    call.say(CLIENT_DATA)
    call.wait()
    call.wait(10)
    return call


def test_an_indonesian_agent_greets_by_name_and_answers_in_its_language(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing(), language="id"))
    call.say(CLIENT_DATA | {"dynamic_variables": {"user_name": "Siti"}})
    call.wait()
    call.wait(10)
    events = call.say({"type": "user_message", "text": "Ada apa saja?"}) + call.wait()
    said = [
        event["agent_response_event"]["agent_response"] for event in of_type(call.events, "agent_response")
    ]
    assert said == [greeting("id").text.replace("Kakak", "Siti"), answer(0, "id").text]
    assert len(sound(events)) == answer(0, "id").duration_ms * 16 * 2


def test_the_metadata_comes_first_and_names_both_formats(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing(), "pcm_44100"))
    metadata, ping = call.events
    assert metadata["type"] == "conversation_initiation_metadata"
    body = metadata["conversation_initiation_metadata_event"]
    assert body["agent_output_audio_format"] == "pcm_44100"
    assert body["user_input_audio_format"] == "pcm_16000"
    assert body["conversation_id"].startswith("conv_")
    assert ping == {"type": "ping", "ping_event": {"event_id": 1, "ping_ms": None}}


def test_the_greeting_is_spoken_as_text_then_audio_then_a_ping(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing()))
    call.say(CLIENT_DATA)
    call.wait()
    events = call.events[2:]
    assert [event["type"] for event in events] == [
        "agent_response",
        *["audio"] * len(chunks(greeting(), 16000, "pcm16")),
        "ping",
    ]
    assert events[0]["agent_response_event"]["agent_response"] == greeting().text
    ids = [
        body["event_id"]
        for event in call.events
        for body in event.values()
        if isinstance(body, dict) and "event_id" in body
    ]
    # The ping, the answer, all of its audio by the same number, and the second ping.
    assert ids == [1, *[2] * (len(ids) - 2), 3]
    assert len(sound(events)) == greeting().duration_ms * 16 * 2


@pytest.mark.parametrize("name", AUDIO_FORMATS)
def test_the_agent_speaks_in_the_format_it_names(play: Any, name: str) -> None:
    rate, encoding = AUDIO_FORMATS[name]
    call = play(ElevenLabsConversation(Pacing(), name))
    call.say(CLIENT_DATA)
    expected = b"".join(chunk.data for chunk in chunks(greeting(), rate, encoding))
    call.wait()
    assert sound(call.events) == expected


def test_dynamic_variables_show_in_the_greeting(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing()))
    [response] = of_type(
        call.say(CLIENT_DATA | {"dynamic_variables": {"user_name": "Ada"}}), "agent_response"
    )
    assert response["agent_response_event"]["agent_response"].startswith(STARTS_WITH_NAME)


def test_the_greeting_does_not_wait_for_client_data_for_ever(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing()))
    assert call.wait(0.9) == []
    assert of_type(call.wait(0.2), "agent_response")


def test_audio_before_client_data_starts_the_greeting(play: Any, speech: Any) -> None:
    call = play(ElevenLabsConversation(Pacing()))
    assert of_type(call.say(user_audio(speech.quiet(20))), "agent_response")


def test_text_only_clients_get_text(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing()))
    events = call.say(CLIENT_DATA | {"conversation_config_override": {"text_only": True}})
    parts = [event["text_response_part"]["type"] for event in of_type(events, "agent_chat_response_part")]
    assert parts == ["start", "delta", "stop"]
    assert of_type(events, "agent_response")
    assert not of_type(call.wait(), "audio")


def test_the_alignment_spells_the_text_at_its_times(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing()))
    call.say(CLIENT_DATA)
    call.wait()
    spelled = []
    cut = chunks(greeting(), 16000, "pcm16")
    for event, chunk in zip(of_type(call.events, "audio"), cut, strict=True):
        alignment = event["audio_event"]["alignment"]
        for character, start, duration in zip(
            alignment["chars"],
            alignment["char_start_times_ms"],
            alignment["char_durations_ms"],
            strict=True,
        ):
            assert chunk.start_ms <= start < chunk.start_ms + chunk.duration_ms
            assert duration >= 0
            spelled.append((character, start))
    assert "".join(character for character, _ in spelled) == greeting().text
    starts = [time for index, (_, time) in enumerate(spelled) if index == 0 or spelled[index - 1][0] == " "]
    assert starts == [word.start_ms for word in greeting().words]


class TestNewerEvents:
    @pytest.fixture
    def events(self, play: Any) -> Any:
        call = play(ElevenLabsConversation(Pacing(), newer=True))
        call.say(CLIENT_DATA)
        call.wait()
        return call.events

    def test_alignments_come_late_or_never_and_count_anew_in_each_stretch(self, events: Any) -> None:
        sent = [event["audio_event"] for event in of_type(events, "audio")]
        final = [index for index, event in enumerate(sent) if event.get("is_final")]
        assert final == [len(sent) // 2 - 1, len(sent) - 1]
        told = [event.get("alignment") for event in sent]
        assert None in told[: final[0]]
        assert told[-1] is None
        starts = [told["char_start_times_ms"][0] for told in told if told and told["chars"]]
        assert sum(later < earlier for earlier, later in pairwise(starts)) == 1
        spelled = "".join(character for told in told if told for character in told["chars"])
        assert spelled
        assert greeting().text.startswith(spelled)

    def test_the_response_is_complete_when_it_has_been_heard(self, play: Any) -> None:
        call = play(ElevenLabsConversation(Pacing(), newer=True))
        call.say(CLIENT_DATA)
        call.wait()
        audio, complete = of_type(call.events, "audio"), of_type(call.events, "agent_response_complete")
        number = audio[0]["audio_event"]["event_id"]
        assert complete == [
            {"type": "agent_response_complete", "agent_response_complete_event": {"event_id": number}}
        ]
        assert call.times[-1] == pytest.approx(100 + greeting().duration_ms / 1000)

    def test_one_that_was_cut_off_never_is(self, play: Any, speech: Any) -> None:
        call = play(ElevenLabsConversation(Pacing(), newer=True))
        call.say(CLIENT_DATA)
        call.wait(0.2)
        call.say(user_audio(speech.loud(200)))
        assert not of_type(call.events + call.wait(), "agent_response_complete")


class TestQueue:
    def test_music_plays_until_an_agent_has_time(self, play: Any) -> None:
        call = play(QueuedConversation(Pacing()))
        call.say(CLIENT_DATA | {"dynamic_variables": {"user_name": "Ada"}})
        call.say({"type": "user_message", "text": "Anybody there?"})
        call.wait()
        kinds = [event["type"] for event in call.events]
        admitted = kinds.index("agent_response")
        waiting, *music, admission = call.events[2:admitted]
        assert waiting == {"type": "queue_status", "queue_status_event": {"status": "waiting"}}
        assert admission == {"type": "queue_status", "queue_status_event": {"status": "admitted"}}
        assert len(sound(music)) == 16000 * 2
        assert {event["type"] for event in music} == {"audio"}
        assert call.events[admitted]["agent_response_event"]["agent_response"].startswith(STARTS_WITH_NAME)
        spoken = call.events[admitted + 1 :]
        assert len(sound(spoken)) == greeting().duration_ms * 32
        [of_music] = {event["audio_event"]["event_id"] for event in music}
        assert of_music < of_type(spoken, "audio")[0]["audio_event"]["event_id"]

    def test_nobody_may_have_time(self, play: Any) -> None:
        call = play(QueuedConversation(Pacing(), admitted=False))
        call.say(CLIENT_DATA)
        call.wait()
        assert call.events[-1]["queue_status_event"] == {"status": "timed_out"}
        assert call.closed.code == TIMED_OUT == 4300

    @pytest.mark.parametrize("message", ["{", "[]"])
    def test_what_makes_no_sense_closes_it_there_too(self, play: Any, message: str) -> None:
        call = play(QueuedConversation(Pacing()))
        call.say(message)
        assert call.closed.code == 1008


def test_audio_goes_out_faster_than_real_time_by_the_burst(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing(burst=4)))
    call.say(CLIENT_DATA)
    call.wait()
    times = [time for time, frame in zip(call.times, call.frames, strict=True) if frame.chunk]
    starts = [frame.chunk.start_ms for frame in call.frames if frame.chunk]
    assert times == pytest.approx([100 + start / 4000 for start in starts])


def test_an_infinite_burst_sends_the_whole_turn_at_once(play: Any) -> None:
    call = play(ElevenLabsConversation(Pacing(burst=math.inf)))
    assert len(sound(call.say(CLIENT_DATA))) == greeting().duration_ms * 32


def test_a_spoken_turn_is_transcribed_and_answered(call: Any, speech: Any) -> None:
    assert call.say(user_audio(speech.quiet(200) + speech.loud(800))) == []
    events = call.say(user_audio(speech.quiet(320)))
    assert [event["type"] for event in events][:3] == ["user_transcript", "agent_response", "audio"]
    assert events[0]["user_transcription_event"]["user_transcript"]
    assert events[1]["agent_response_event"]["agent_response"] == answer(0).text
    assert len(sound(events + call.wait())) == answer(0).duration_ms * 32


def test_typed_turns_are_answered_one_after_the_other(call: Any) -> None:
    said = []
    for text in ("one", "two", "three", "four", "five"):
        events = call.say({"type": "user_message", "text": text})
        said += [
            event["agent_response_event"]["agent_response"] for event in of_type(events, "agent_response")
        ]
        assert not of_type(events, "interruption")
        call.wait(10)
    assert said == [answer(turn).text for turn in range(5)]
    assert said[0] == said[4]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "multimodal_message", "text": {"type": "user_message", "text": "What is this?"}},
        {"type": "multimodal_message", "file": {"type": "file_input", "file_id": "file_1"}},
    ],
)
def test_multimodal_turns_are_answered(call: Any, message: Any) -> None:
    assert of_type(call.say(message), "agent_response")


def test_speaking_over_the_agent_interrupts_it(call: Any, speech: Any) -> None:
    call.say({"type": "user_message", "text": "Hello"})
    # Half of it is sent, and two hundred milliseconds of it are heard.
    before = call.wait(0.2)
    last = of_type(before, "audio")[-1]["audio_event"]["event_id"]
    interruption, correction = call.say(user_audio(speech.loud(200)))
    assert interruption["type"] == "interruption"
    assert interruption["interruption_event"]["event_id"] > last
    body = correction["agent_response_correction_event"]
    assert body["original_agent_response"] == answer(0).text
    assert body["corrected_agent_response"] == "..."
    assert call.wait(5) == []
    answered = call.say(user_audio(speech.quiet(320)))
    first = of_type(answered, "audio")[0]["audio_event"]["event_id"]
    assert first > interruption["interruption_event"]["event_id"]


def test_an_agent_that_is_still_heard_is_interrupted_though_all_is_sent(call: Any) -> None:
    call.say({"type": "user_message", "text": "Hello"})
    call.wait(4)
    assert not call.conversation.sending
    events = call.say({"type": "user_message", "text": "Stop"})
    kinds = [event["type"] for event in events][:3]
    assert kinds == ["interruption", "agent_response_correction", "agent_response"]
    corrected = events[1]["agent_response_correction_event"]["corrected_agent_response"]
    heard = [word.word for word in answer(0).words if word.end_ms <= 4000]
    assert corrected == " ".join(heard) + "..."


def test_messages_that_only_inform_are_taken_in_silence(call: Any) -> None:
    for message in (
        {"type": "pong", "event_id": 1},
        {"type": "user_activity"},
        {"type": "contextual_update", "text": "The user opened the map."},
        {"type": "feedback", "score": "like", "event_id": 3},
    ):
        assert call.say(message) == []
    assert call.closed is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("{}", "type is unknown"),
        ('{"type":"nonsense"}', "type is unknown"),
        ('{"type":"pong"}', "event_id is missing"),
        ('{"type":"user_message"}', "text is missing"),
        ('{"type":"multimodal_message"}', "text and files are missing"),
        ('{"user_audio_chunk":"???"}', "not base64"),
        ('{"user_audio_chunk":7}', "not a string"),
        ('{"user_audio_chunk":"AAAA"}', "even number of bytes"),
    ],
)
def test_messages_that_make_no_sense_close_the_conversation(call: Any, message: Any, reason: str) -> None:
    call.say(message)
    assert call.closed.code == 1008
    assert call.closed.reason.startswith("Invalid message received: ")
    assert reason in call.closed.reason


def test_the_same_messages_get_the_same_frames(play: Any, speech: Any) -> None:
    def run() -> list[str | bytes]:
        call = play(ElevenLabsConversation(Pacing()))
        call.say(CLIENT_DATA)
        call.wait(1)
        call.say(user_audio(speech.loud(400) + speech.quiet(400)))
        call.wait()
        return [frame.message for frame in call.frames]

    first = run()
    assert first == run()
    assert json.loads(first[-1])["type"] == "ping"
