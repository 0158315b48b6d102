"""A simulated Gemini Live session, by a clock of the test's own."""

from __future__ import annotations

import base64
import math
from typing import Any

import pytest

from mascot_server.providers.gemini.simulator.conversation import GeminiConversation
from mascot_server.simulators.core.conversation import Pacing
from mascot_server.simulators.core.voice import answer

SETUP = {"setup": {"model": "models/gemini-live", "generationConfig": {"responseModalities": ["AUDIO"]}}}
ASK = {"clientContent": {"turns": [{"role": "user", "parts": [{"text": "Hi"}]}], "turnComplete": True}}


def user_audio(data: bytes, rate: int = 16000) -> dict[str, Any]:
    return {
        "realtimeInput": {
            "audio": {"data": base64.b64encode(data).decode(), "mimeType": f"audio/pcm;rate={rate}"}
        }
    }


def parts(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        part["inlineData"]
        for event in events
        for part in event.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
    ]


def flags(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The serverContent of everything but audio."""
    return [event["serverContent"] for event in events if "modelTurn" not in event["serverContent"]]


@pytest.fixture
def session(play: Any) -> Any:
    session = play(GeminiConversation(Pacing()))
    assert session.events == []
    assert session.say(SETUP) == [{"setupComplete": {}}]
    return session


def test_answers_are_binary(session: Any) -> None:
    assert all(isinstance(frame.message, bytes) for frame in session.frames)


def test_a_whole_turn(session: Any) -> None:
    events = session.say(ASK) + session.wait()
    sounds = parts(events)
    assert {sound["mimeType"] for sound in sounds} == {"audio/pcm;rate=24000"}
    data = b"".join(base64.b64decode(sound["data"]) for sound in sounds)
    assert data == answer(0).samples.astype("<i2").tobytes()
    assert flags(events) == [{"generationComplete": True}, {"turnComplete": True}]
    usage = events[-1]["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["responseTokenCount"]


def test_the_turn_is_complete_when_it_has_been_heard(session: Any) -> None:
    session.say(ASK)
    session.wait()
    assert session.times[-1] == pytest.approx(100 + answer(0).duration_ms / 1000)
    assert session.times[-2] == pytest.approx(100 + answer(0).duration_ms / 8000)


def test_transcriptions_come_when_the_setup_asks_for_them(play: Any, speech: Any) -> None:
    session = play(GeminiConversation(Pacing()))
    session.say({"setup": SETUP["setup"] | {"inputAudioTranscription": {}, "outputAudioTranscription": {}}})
    events = session.say(user_audio(speech.loud(400) + speech.quiet(400))) + session.wait()
    assert events[0]["serverContent"]["inputTranscription"]["text"]
    said = [
        content["outputTranscription"]["text"]
        for content in flags(events)
        if "outputTranscription" in content
    ]
    assert len(said) > 5
    assert "".join(said).split() == answer(0).text.split()


@pytest.mark.parametrize(
    "message",
    [
        {"realtimeInput": {"text": "Hello"}},
        {"realtime_input": {"text": "Hello"}},
        {"client_content": {"turns": [], "turn_complete": True}},
    ],
)
def test_text_starts_a_turn(session: Any, message: Any) -> None:
    assert parts(session.say(message) + session.wait())


def test_content_that_is_not_complete_starts_nothing(session: Any) -> None:
    assert session.say({"clientContent": {"turns": [{"role": "user", "parts": [{"text": "Hi"}]}]}}) == []
    assert session.wait() == []


@pytest.mark.parametrize("rate", [16000, 24000, 48000])
def test_speech_starts_a_turn_when_it_ends(session: Any, speech: Any, rate: int) -> None:
    assert session.say(user_audio(speech.loud(600, rate), rate)) == []
    assert parts(session.say(user_audio(speech.quiet(320, rate), rate)))


def test_url_safe_base64_and_media_chunks_are_understood(session: Any, speech: Any) -> None:
    data = base64.urlsafe_b64encode(speech.loud(600) + speech.quiet(320)).decode().rstrip("=")
    blob = {"data": data, "mimeType": "audio/pcm"}
    assert parts(session.say({"realtimeInput": {"mediaChunks": [blob]}}))


def test_the_end_of_the_stream_ends_the_users_turn(session: Any, speech: Any) -> None:
    session.say(user_audio(speech.loud(600)))
    assert parts(session.say({"realtimeInput": {"audioStreamEnd": True}}))


@pytest.mark.parametrize("seconds", [0.2, 3])
def test_speaking_over_the_model_interrupts_it(session: Any, speech: Any, seconds: float) -> None:
    session.say(ASK)
    before = session.wait(seconds)
    assert parts(before)
    interrupted, complete = session.say(user_audio(speech.loud(200)))
    assert interrupted == {"serverContent": {"interrupted": True}}
    assert complete["serverContent"] == {"turnComplete": True}
    assert "usageMetadata" in complete
    assert session.wait() == []
    sent = [content for content in flags(session.events[1:]) if "generationComplete" in content]
    assert bool(sent) == (seconds > answer(0).duration_ms / 8000)


def test_a_turn_that_was_heard_is_not_interrupted(session: Any) -> None:
    session.say(ASK)
    session.wait()
    assert "interrupted" not in str(session.say(ASK))


def test_playback_sets_how_long_a_turn_is_heard(play: Any) -> None:
    session = play(GeminiConversation(Pacing(burst=math.inf, playback=math.inf)))
    session.say(SETUP)
    assert flags(session.say(ASK)) == [{"generationComplete": True}, {"turnComplete": True}]


def test_explicit_activity(play: Any, speech: Any) -> None:
    session = play(GeminiConversation(Pacing()))
    disabled = {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}}
    session.say({"setup": SETUP["setup"] | disabled})
    assert session.say({"realtimeInput": {"activityStart": {}}}) == []
    assert session.say(user_audio(speech.loud(400) + speech.quiet(400))) == []
    assert parts(session.say({"realtimeInput": {"activityEnd": {}}}))
    assert flags(session.say({"realtimeInput": {"activityStart": {}}}))[0] == {"interrupted": True}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{", "Invalid JSON payload received. not valid JSON"),
        ("[]", "not a JSON object"),
        ("{}", "exactly one"),
        ({"nonsense": {}}, 'Unknown name "nonsense"'),
        ({"setup": []}, "setup must be an object"),
        ({"setup": {}}, "setup.model"),
        ({"setup": {"model": "gemini-live"}}, "setup.model"),
        (
            {"setup": {"model": "models/x", "generationConfig": {"responseModalities": ["TEXT"]}}},
            "AUDIO only",
        ),
        (ASK, "setup must be the first message"),
    ],
)
def test_a_wrong_beginning_closes_the_session(play: Any, message: Any, reason: str) -> None:
    session = play(GeminiConversation(Pacing()))
    assert session.say(message) == []
    assert session.closed.code == 1007
    assert reason in session.closed.reason


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (SETUP, "the first message and only the first"),
        (b"\xff", "not valid JSON"),
        ({"realtimeInput": {"nonsense": 1}}, "at realtime_input"),
        ({"realtimeInput": {"text": 1}}, "text must be a string"),
        ({"realtimeInput": {"mediaChunks": {}}}, "media_chunks must be a list"),
        ({"realtimeInput": {"audio": 1}}, "audio must be an object"),
        ({"realtimeInput": {"audio": {"data": "AA==", "mimeType": "audio/mp3"}}}, "mime_type"),
        ({"realtimeInput": {"audio": {"data": "AA==", "mimeType": "audio/pcm;rate=4000"}}}, "rate from 8000"),
        ({"realtimeInput": {"audio": {"data": "?", "mimeType": "audio/pcm"}}}, "not base64"),
        ({"realtimeInput": {"activityStart": {}}}, "automatic activity detection is enabled"),
    ],
)
def test_a_wrong_message_closes_the_session(session: Any, message: Any, reason: str) -> None:
    session.say(message)
    assert session.closed.code == 1007
    assert reason in session.closed.reason


def test_the_same_messages_get_the_same_frames(play: Any, speech: Any) -> None:
    def run() -> list[str | bytes]:
        session = play(GeminiConversation(Pacing()))
        session.say(SETUP)
        session.say(ASK)
        session.wait(0.3)
        session.say(user_audio(speech.loud(400) + speech.quiet(400)))
        session.wait()
        return [frame.message for frame in session.frames]

    assert run() == run()
