"""The beta of a simulated OpenAI Realtime conversation: other names, and another session."""

from __future__ import annotations

from typing import Any

import pytest
from support.openai_events import CREATE, USER_TEXT, error_of, kinds, of_type, sound, update

from mascot_server.providers.openai.simulator.conversation import OpenAIConversation
from mascot_server.simulators.core.conversation import Pacing
from mascot_server.simulators.core.voice import answer


@pytest.fixture
def beta(play: Any) -> Any:
    return play(OpenAIConversation(Pacing(), "gpt-4o-realtime-preview", beta=True))


def test_the_beta_has_its_own_names_and_session(beta: Any) -> None:
    session = beta.events[0]["session"]
    assert session["output_audio_format"] == "pcm16"
    assert "audio" not in session
    [updated] = beta.say(
        {"type": "session.update", "session": {"voice": "echo", "output_audio_format": "g711_ulaw"}}
    )
    assert updated["session"]["output_audio_format"] == "g711_ulaw"
    assert kinds(beta.say(USER_TEXT)) == ["conversation.item.created"]
    events = beta.say(CREATE) + beta.wait()
    assert kinds(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert of_type(events, "response.audio.delta")
    assert of_type(events, "response.audio_transcript.delta")
    assert events[-1]["response"]["output"][0]["content"][0]["type"] == "audio"
    assert len(sound(events)) == answer(0).duration_ms * 8


def test_the_beta_refuses_the_shape_of_today(beta: Any) -> None:
    assert error_of(beta.say(update()))["param"] == "session.type"
    wrong = {"type": "session.update", "session": {"output_audio_format": ["pcm16"]}}
    assert error_of(beta.say(wrong))["param"] == "session.output_audio_format"


def test_the_beta_writes_too(beta: Any) -> None:
    events = beta.say({"type": "response.create", "response": {"modalities": ["text"]}}) + beta.wait()
    text = "".join(event["delta"] for event in of_type(events, "response.text.delta"))
    assert text == answer(0).text
