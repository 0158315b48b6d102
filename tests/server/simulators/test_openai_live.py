"""A simulated GPT-Live: what it accepts, and that it speaks in real time without an end."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mascot_server.providers.openai.live.simulator.conversation import LiveConversation
from mascot_server.providers.openai.live.simulator.handshake import converse
from mascot_server.providers.registry import PROVIDERS
from mascot_server.simulators import OPENAI_API_KEY, OPENAI_EPHEMERAL
from mascot_server.simulators.core.answers import Answer, Request
from mascot_server.simulators.core.conversation import Pacing
from mascot_server.simulators.core.provider import Setup
from mascot_server.simulators.core.sound import decode
from mascot_server.simulators.core.voice import answer

if TYPE_CHECKING:
    from mascot_server.simulators.core.sound import Encoding

SETUP = Setup(Pacing())
BEARER = {"authorization": f"Bearer {OPENAI_API_KEY}"}
SILENCE = bytes(4800)
SPEECH = (3000 * np.sin(np.arange(48000) / 10)).astype("<i2").tobytes()
"""Two seconds without a pause."""


def start(**session: Any) -> dict[str, Any]:
    return {"type": "session.start", "event_id": "mine", "session": {"model": "gpt-live-1", **session}}


def append(data: bytes) -> dict[str, Any]:
    return {"type": "session.input_audio.append", "audio": base64.b64encode(data).decode()}


def sound(events: list[dict[str, Any]], encoding: Encoding = "pcm16") -> list[Any]:
    deltas = [event["delta"] for event in events if event["type"] == "session.output_audio.delta"]
    return [decode(base64.b64decode(delta), encoding) for delta in deltas]


def is_loud(samples: Any) -> bool:
    return bool(np.abs(samples).max() > 500)


@pytest.fixture
def call(play: Any) -> Any:
    conversation = play(LiveConversation(Pacing()))
    (begun,) = conversation.say(start())
    assert begun["type"] == "session.started"
    assert begun["client_event_id"] == "mine"
    return conversation


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/v1/live/sessions?model=gpt-live-1", BEARER, 400),
        ("/v1/live/sessions", {}, 401),
        ("/v1/live/sessions", {"authorization": f"Bearer {OPENAI_EPHEMERAL}"}, 401),
        ("/v1/live/sessions", {"sec-websocket-protocol": f"openai-insecure-api-key.{OPENAI_API_KEY}"}, 401),
        ("/v1/live/sessions", {**BEARER, "origin": "https://page.example"}, 403),
    ],
)
def test_handshakes_that_are_refused(target: str, headers: dict[str, str], status: int) -> None:
    refused = converse(Request(target, headers, secure=False), SETUP)
    assert isinstance(refused, Answer)
    assert refused.status == status


@pytest.mark.parametrize("path", ["/v1/live/sessions/live_1/attach", "/v1/live/sessions/live_1/fork"])
def test_it_knows_no_sidebands_and_no_forks(path: str) -> None:
    assert PROVIDERS["openai"].simulator(SETUP).get(Request(path, BEARER, secure=False), 0.0) is None


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"model": "gpt-realtime"}, "invalid_value", "session.model"),
        ({"model": None}, "missing_required_parameter", "session.model"),
        ({"voice": "marin"}, "unknown_parameter", "session.voice"),
        ({"audio": {"input": {}}}, "unknown_parameter", "session.audio.input"),
        ({"audio": {"output": {"voice": "nobody"}}}, "invalid_value", "session.audio.output.voice"),
        ({"audio": {"output": {"voice": {"name": "x"}}}}, "invalid_value", "session.audio.output.voice"),
        ({"audio": {"format": {"type": "audio/opus"}}}, "invalid_value", "session.audio.format.type"),
        ({"audio": {"format": {"type": "audio/pcm"}}}, "invalid_value", "session.audio.format.rate"),
        (
            {"audio": {"format": {"type": "audio/pcm", "rate": 48000}}},
            "invalid_value",
            "session.audio.format.rate",
        ),
    ],
)
def test_starts_that_are_refused(play: Any, session: Any, code: str, param: str) -> None:
    conversation = play(LiveConversation(Pacing()))
    (refused,) = conversation.say(start(**session))
    assert refused["type"] == "error"
    assert (refused["error"]["code"], refused["error"]["param"]) == (code, param)
    assert refused["error"]["client_event_id"] == "mine"
    # It may be tried again.
    assert conversation.say(start())[0]["type"] == "session.started"


def test_the_start_comes_first_and_once(play: Any) -> None:
    conversation = play(LiveConversation(Pacing()))
    assert conversation.say(append(SILENCE))[0]["error"]["code"] == "session_not_started"
    conversation.say(start())
    assert conversation.say(start())[0]["error"]["code"] == "session_already_started"


@pytest.mark.parametrize("audio", ["AAAA*", 7, "AAA="[:3], base64.b64encode(b"odd").decode()])
def test_broken_audio_is_refused(call: Any, audio: Any) -> None:
    (refused,) = call.say({"type": "session.input_audio.append", "audio": audio})
    assert refused["error"]["param"] == "audio"


def test_a_delta_of_100_ms_for_each_100_ms_that_are_heard(call: Any) -> None:
    assert call.wait(5.0) == []
    assert call.say(append(SILENCE[:2400])) == []
    (delta,) = call.say(append(SILENCE[:2400]))
    assert list(delta) == ["type", "delta"]
    assert len(sound(call.say(append(SILENCE * 7)))) == 7


def test_silence_is_dither(call: Any) -> None:
    samples = np.concatenate(sound(call.say(append(SILENCE * 20))))
    assert set(samples.tolist()) == {-1, 0, 1}


def test_it_speaks_after_the_caller_and_falls_silent_under_speech(call: Any) -> None:
    first = call.say(append(SPEECH + SILENCE * 8))
    heard = [is_loud(samples) for samples in sound(first)]
    assert not any(heard[:20])
    assert sum(heard[23:]) >= 4
    second = call.say(append(SPEECH))
    heard = [is_loud(samples) for samples in sound(second)]
    # The app's audio is detected after 120 ms, and the delta that is due then fades.
    assert not any(heard[3:])
    assert any(heard[:2])
    assert {event["type"] for event in first + second} <= {
        "session.output_audio.delta",
        "session.output_transcript.delta",
        "session.input_transcript.delta",
        "session.usage.updated",
    }


def test_transcripts_come_600_ms_late(call: Any) -> None:
    passed_ms = 0
    transcripts = []
    for event in itertools.chain(call.say(append(SPEECH)), *(call.say(append(SILENCE)) for _ in range(60))):
        if event["type"] == "session.output_audio.delta":
            passed_ms += 100
        elif event["type"].endswith("transcript.delta"):
            transcripts.append((event["type"], event["delta"]))
            assert passed_ms - event["end_ms"] >= 600
            assert event["start_ms"] < event["end_ms"]
    assert transcripts[0] == ("session.input_transcript.delta", "What would you recommend?")
    text = "".join(delta for kind, delta in transcripts if kind == "session.output_transcript.delta")
    assert answer(0).text.startswith(text[:40].strip())


def test_a_muted_caller_is_not_heard(call: Any) -> None:
    (muted,) = call.say({"type": "session.input_audio.mute"})
    assert muted["type"] == "session.input_audio.muted"
    assert not any(map(is_loud, sound(call.say(append(SPEECH + SILENCE * 8)))))
    assert call.say({"type": "session.input_audio.unmute"})[0]["type"] == "session.input_audio.unmuted"


def test_variants(play: Any) -> None:
    conversation = play(LiveConversation(Pacing()))
    (begun,) = conversation.say(start())
    assert "audio" not in begun["session"]
    conversation = play(LiveConversation(Pacing()))
    audio = {"format": {"type": "audio/pcmu", "rate": 8000}, "output": {"voice": {"id": "voice_1"}}}
    (begun,) = conversation.say(start(audio=audio))
    assert begun["session"]["audio"] == audio
    (samples,) = sound(conversation.say(append(b"\xff" * 800)), "mulaw")
    assert len(samples) == 800


def test_the_end_is_confirmed_and_then_closed(call: Any) -> None:
    call.say(append(SILENCE * 12))
    (closed,) = call.say({"type": "session.close", "event_id": "bye"})
    assert (closed["type"], closed["reason"], closed["client_event_id"]) == (
        "session.closed",
        "close_requested",
        "bye",
    )
    assert closed["usage"] == {"seconds": 1}
    assert (call.closed.code, call.closed.reason) == (1000, "")


def test_a_running_session_cannot_change_its_audio(call: Any) -> None:
    (refused,) = call.say({"type": "session.update", "session": {"audio": {}}})
    assert refused["error"]["code"] == "unknown_parameter"
    assert (
        call.say({"type": "session.update", "session": {"delegation": None}})[0]["type"] == "session.updated"
    )
