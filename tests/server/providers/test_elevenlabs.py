"""ElevenLabs: what chooses the agent, queues, and events that newer versions of the service send."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import dial, told
from support.servers import API_KEY
from support.wires import b64, elevenlabs_audio, elevenlabs_metadata
from websockets.exceptions import ConnectionClosed

from mascot_server import simulators
from mascot_server.inference.predictions import Prediction
from mascot_server.providers.codec import Audio, AudioFormat, Interrupted, TurnEnded
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.elevenlabs.config import ElevenLabsConfig
from mascot_server.providers.elevenlabs.dialing import dial as ask_for_url
from mascot_server.relay.session import Session

if TYPE_CHECKING:
    from support.servers import Providers, RunningServer
    from websockets.asyncio.connection import Connection


AGENT: dict[str, Any] = {"api_key": simulators.ELEVENLABS_API_KEY, "agent_id": simulators.ELEVENLABS_AGENT_ID}
CHOICE: dict[str, Any] = {
    "branch_id": simulators.ELEVENLABS_BRANCH_ID,
    "version_id": simulators.ELEVENLABS_VERSION_ID,
    "environment": "staging",
}
SPEECH = bytes(range(256)) * 18 + bytes(192)
"""100 ms at 24 kHz."""


def queue_status(status: object) -> str:
    return json.dumps({"type": "queue_status", "queue_status_event": {"status": status}})


def complete(event_id: object) -> str:
    return json.dumps(
        {"type": "agent_response_complete", "agent_response_complete_event": {"event_id": event_id}}
    )


def interruption(event_id: int) -> str:
    return json.dumps({"type": "interruption", "interruption_event": {"event_id": event_id}})


def started(audio_format: str = "pcm_24000") -> ElevenLabsCodec:
    codec = ElevenLabsCodec()
    codec.see(elevenlabs_metadata(audio_format))
    return codec


class TestChoiceOfAgent:
    @pytest.mark.parametrize("choice", [{}, CHOICE, {"environment": "staging"}])
    def test_elevenlabs_is_asked_for_what_is_set_and_nothing_else(self, choice: dict[str, Any]) -> None:
        request = next(ask_for_url(ElevenLabsConfig(**AGENT, **choice), "https://api.elevenlabs.io"))
        assert request.params == {"agent_id": AGENT["agent_id"], **choice}

    @pytest.mark.parametrize("field", sorted(CHOICE))
    @pytest.mark.parametrize("value", ["", "a&b=c", "a b", "\r\n", 7, ["x"], "x" * 300])
    def test_a_bad_one_is_answered_with_the_field(
        self, server: RunningServer, field: str, value: object
    ) -> None:
        body = {"config": {"provider": "elevenlabs", "provider_config": {**AGENT, field: value}}}
        answer = httpx.post(
            f"{server.origin}/v1/get-signed-url", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
        )
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"Invalid provider config: config.provider_config.{field}: ")

    @pytest.mark.anyio
    async def test_a_conversation_with_it(self, server: RunningServer) -> None:
        async with await dial(server, "elevenlabs", **CHOICE) as app:
            assert "conversation_initiation_metadata" in str(await app.recv())

    @pytest.mark.anyio
    @pytest.mark.parametrize("field", sorted(CHOICE))
    async def test_one_that_is_not_there_is_refused_by_elevenlabs(
        self, server: RunningServer, field: str
    ) -> None:
        async with await dial(server, "elevenlabs", **{field: "elsewhere"}) as app:
            assert await told(app) == (1008, "elevenlabs refused the connection with HTTP 404")


class TestNumbers:
    def test_audio_of_one_turn_may_have_one_number(self) -> None:
        codec = started()
        expected = Audio(SPEECH, AudioFormat("pcm16", 24000), 7)
        for _ in range(3):
            frame = elevenlabs_audio(SPEECH, 7)
            assert codec.see(frame) == (expected,)
            visemes, audio = codec.attach(frame, expected, '{"visemes":[],"audio_event_id":7}')
            assert audio is frame
            assert json.loads(visemes)["audio_event_id"] == 7
        assert codec.see(interruption(7)) == (Interrupted(),)

    def test_what_still_comes_of_an_interrupted_turn_is_not_what_the_mouth_shows(self) -> None:
        codec = started()
        codec.see(elevenlabs_audio(SPEECH, 7))
        assert codec.see(interruption(7)) == (Interrupted(),)
        assert [type(event) for event in codec.see(elevenlabs_audio(SPEECH, 7))] == [Audio]
        assert [type(event) for event in codec.see(elevenlabs_audio(SPEECH, 8))] == [Interrupted, Audio]
        assert [type(event) for event in codec.see(elevenlabs_audio(SPEECH, 8))] == [Audio]

    def test_the_shape_is_sent_again_after_it(self) -> None:
        """The late audio ended with shape 4, which no app has seen: its visemes went with audio that is not played."""
        session = Session(started(), lambda _: None)  # type: ignore[arg-type,return-value]  # nothing is predicted

        def sent(number: int) -> Any:
            received = session.receive(elevenlabs_audio(SPEECH, number))
            visemes, _ = session.release(received, Prediction(4, ()))
            return json.loads(visemes)["visemes"]

        again = [{"visemeId": 4, "offset": 0}]
        assert sent(7) == again
        session.receive(interruption(7))
        assert [sent(7), sent(7), sent(8), sent(8)] == [again, [], again, []]

    def test_a_turn_that_begins_at_once_is_interrupted_once(self) -> None:
        codec = started()
        codec.see(elevenlabs_audio(SPEECH, 7))
        codec.see(interruption(8))
        assert [type(event) for event in codec.see(elevenlabs_audio(SPEECH, 9))] == [Audio]


class TestTurns:
    @pytest.mark.parametrize("event_id", [7, 8, "7", None])
    def test_a_complete_response_ends_the_turn(self, event_id: object) -> None:
        codec = started()
        codec.see(elevenlabs_audio(SPEECH, 7))
        assert codec.see(complete(event_id)) == (TurnEnded(),)

    def test_one_of_an_earlier_turn_ends_nothing(self) -> None:
        codec = started()
        codec.see(elevenlabs_audio(SPEECH, 7))
        assert codec.see(complete(6)) == ()

    def test_the_end_of_one_synthesis_may_be_in_the_middle(self) -> None:
        codec = started()
        event = {"audio_base_64": b64(SPEECH), "event_id": 7, "is_final": True}
        assert [type(e) for e in codec.see(json.dumps({"type": "audio", "audio_event": event}))] == [Audio]

    def test_alignments_change_nothing(self) -> None:
        codec = started()
        late = {"chars": ["a"], "char_start_times_ms": [-20.5], "char_durations_ms": [9e9]}
        for alignment in (late, None, {}, 7):
            event = {"audio_base_64": b64(SPEECH), "event_id": 7, "alignment": alignment}
            (audio,) = codec.see(json.dumps({"type": "audio", "audio_event": event}))
            assert audio == Audio(SPEECH, AudioFormat("pcm16", 24000), 7)


class TestQueue:
    @pytest.mark.parametrize(
        ("audio_format", "silence"), [("pcm_24000", b"\0"), ("ulaw_8000", b"\xff"), ("alaw_8000", b"\xd5")]
    )
    def test_music_is_silence_to_the_mouth(self, audio_format: str, silence: bytes) -> None:
        codec = started(audio_format)
        assert codec.see(queue_status("waiting")) == (TurnEnded(),)
        assert codec.see(queue_status("waiting")) == ()
        (music,) = codec.see(elevenlabs_audio(SPEECH, 1))
        assert isinstance(music, Audio)
        assert music.data == silence * len(SPEECH)
        assert codec.see(queue_status("admitted")) == (TurnEnded(),)
        (speech,) = codec.see(elevenlabs_audio(SPEECH, 2))
        assert isinstance(speech, Audio)
        assert speech.data == SPEECH

    @pytest.mark.parametrize("status", ["admitted", "timed_out", "someday", None, 7, {}])
    def test_no_other_status_is_waiting(self, status: object) -> None:
        codec = started()
        assert codec.see(queue_status(status)) == ()
        (audio,) = codec.see(elevenlabs_audio(SPEECH, 1))
        assert isinstance(audio, Audio)
        assert audio.data == SPEECH

    @pytest.mark.anyio
    async def test_a_conversation_begins_after_the_music(
        self, server: RunningServer, providers: Providers
    ) -> None:
        count = len(providers.sent)
        async with await dial(server, "elevenlabs", agent_id=f"{AGENT['agent_id']}_queue") as app:
            messages = await until(app, "ping", times=2)
        kinds = [message["type"] for message in messages]
        admitted = kinds.index("queue_status", kinds.index("queue_status") + 1)
        music, speech = messages[:admitted], messages[admitted:]
        assert visemes(music) == []
        assert len(visemes(speech)) > 20
        payloads = [message for message in messages if message["type"] == "visemes"]
        sent = providers.sent[count:]
        assert [payload["audio_duration"] for payload in payloads] == [len(audio.pcm) / 32 for audio in sent]
        heard = [message["audio_event"] for message in messages if message["type"] == "audio"]
        assert [base64.b64decode(event["audio_base_64"]) for event in heard] == [audio.pcm for audio in sent]
        # Each payload stands before its audio, though all audio of a turn has one number.
        assert [p["audio_event_id"] for p in payloads] == [event["event_id"] for event in heard]
        assert len({event["event_id"] for event in heard}) == 2

    @pytest.mark.anyio
    async def test_a_queue_that_timed_out_is_closed_as_elevenlabs_closes_it(
        self, server: RunningServer
    ) -> None:
        async with await dial(server, "elevenlabs", agent_id=f"{AGENT['agent_id']}_full") as app:
            assert await told(app) == (4300, "The queue timed out.")


def visemes(messages: list[Any]) -> list[Any]:
    return [change for message in messages if message["type"] == "visemes" for change in message["visemes"]]


async def until(app: Connection, kind: str, *, times: int) -> list[Any]:
    messages: list[Any] = []
    try:
        while sum(message["type"] == kind for message in messages) < times:
            messages.append(json.loads(await app.recv()))
    except ConnectionClosed:
        pytest.fail(f"closed after {[message['type'] for message in messages]}")
    return messages
