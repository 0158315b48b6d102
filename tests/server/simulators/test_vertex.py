"""What a simulated session on Vertex AI does in another way than one of the Developer API."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mascot_server.providers.gemini.credentials import VERTEX_PROJECT
from mascot_server.providers.gemini.simulator.vertex import VertexConversation
from mascot_server.simulators.core.conversation import Pacing

PUBLISHED = "publishers/google/models/gemini-live"
FULL = f"projects/{VERTEX_PROJECT}/locations/eu/{PUBLISHED}"
ASK = {"clientContent": {"turns": [], "turnComplete": True}}


def setup(model: object) -> dict[str, Any]:
    return {"setup": {"model": model, "explicitVadSignal": True}}


@pytest.fixture
def session(play: Any) -> Any:
    session = play(VertexConversation(Pacing(math.inf, math.inf)))
    assert session.say(setup(FULL)) == [{"setupComplete": {}}]
    return session


def types(events: list[dict[str, Any]]) -> set[str]:
    return {
        part["inlineData"]["mimeType"]
        for event in events
        for part in event["serverContent"].get("modelTurn", {}).get("parts", [])
    }


def test_every_other_turn_names_no_rate(session: Any) -> None:
    assert types(session.say(ASK)) == {"audio/pcm;rate=24000"}
    assert types(session.say(ASK)) == {"audio/pcm"}
    assert all(isinstance(frame.message, bytes) for frame in session.frames)


def test_the_usage_has_names_of_its_own(session: Any) -> None:
    usage = session.say(ASK)[-1]["usageMetadata"]
    assert usage["candidatesTokenCount"] + usage["promptTokenCount"] == usage["totalTokenCount"]
    assert "candidatesTokensDetails" in usage
    assert not any(name.startswith("response") for name in usage)


@pytest.mark.parametrize(
    ("express", "model"),
    [
        (False, PUBLISHED),
        (False, "models/gemini-live"),
        (False, "gemini-live"),
        (False, f"projects/other/locations/eu/{PUBLISHED}"),
        (True, FULL),
        (True, "models/gemini-live"),
        (True, None),
    ],
)
def test_a_wrong_model_closes_with_1008(play: Any, express: bool, model: object) -> None:
    session = play(VertexConversation(Pacing(), express=express))
    assert session.say(setup(model)) == []
    assert session.closed.code == 1008


def test_a_second_setup_closes_with_1007(session: Any) -> None:
    session.say(setup(FULL))
    assert session.closed.code == 1007


def test_setup_comes_first(play: Any) -> None:
    session = play(VertexConversation(Pacing()))
    session.say(ASK)
    assert session.closed.code == 1007


def test_there_is_no_end_of_the_audio_stream(session: Any) -> None:
    session.say({"realtimeInput": {"audioStreamEnd": True}})
    assert session.closed.code == 1007
    assert "audioStreamEnd" in session.closed.reason
