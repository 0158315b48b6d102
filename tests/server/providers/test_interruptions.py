"""What interrupts the agent and what does not, and whose visemes are dropped by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.wires import elevenlabs_audio, elevenlabs_metadata, openai_audio

from mascot_server.inference.jobs import Track
from mascot_server.inference.predictions import Prediction
from mascot_server.providers.codec import Audio, AudioFormat, Interrupted, TurnEnded
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.relay.session import Session

if TYPE_CHECKING:
    from mascot_server.providers.codec import Codec, Event, Frame

SPEECH = json.dumps({"type": "input_audio_buffer.speech_started", "audio_start_ms": 10, "item_id": "item_2"})
CHUNK = bytes(4800)  # 100 ms
OFF = {"type": "server_vad", "interrupt_response": False}
ON = {"type": "server_vad", "interrupt_response": True}


def session(kind: str, detection: object, *, beta: bool = False) -> str:
    stated = {"turn_detection": detection}
    return json.dumps({"type": kind, "session": stated if beta else {"audio": {"input": stated}}})


def created(response_id: str, **stated: Any) -> str:
    return json.dumps({"type": "response.created", "response": {"id": response_id, **stated}})


def done(response_id: str, status: str = "completed", **stated: Any) -> str:
    return json.dumps({"type": "response.done", "response": {"id": response_id, "status": status, **stated}})


def delta(response_id: str, data: bytes = CHUNK) -> str:
    return openai_audio(data, 1).replace("resp_1", response_id)


def events(codec: Codec, *frames: Frame) -> list[Event]:
    """What a codec reports of frames that are no audio."""
    return [event for frame in frames for event in codec.see(frame) if not isinstance(event, Audio)]


class TestOpenAISpeech:
    @pytest.mark.parametrize("beta", [False, True])
    @pytest.mark.parametrize("kind", ["session.created", "session.updated"])
    def test_it_interrupts_as_the_session_is_configured(self, kind: str, beta: bool) -> None:
        codec = OpenAICodec()
        assert events(codec, delta("r"), SPEECH) == [Interrupted()]
        assert events(codec, session(kind, OFF, beta=beta), SPEECH) == []
        # Updates that do not state it leave it as it was.
        assert events(codec, json.dumps({"type": "session.updated", "session": {}}), SPEECH) == []
        assert events(codec, session(kind, None, beta=beta), SPEECH) == []
        assert events(codec, session(kind, {"type": "semantic_vad"}, beta=beta), SPEECH) == [Interrupted()]
        assert events(codec, session(kind, OFF), session(kind, ON), SPEECH) == [Interrupted()]

    @pytest.mark.parametrize("beta", [False, True])
    def test_the_apps_update_counts_until_the_service_answers(self, beta: bool) -> None:
        codec = OpenAICodec()
        update = session("session.update", OFF, beta=beta)
        assert codec.see_client(update) is update
        assert events(codec, SPEECH) == []
        assert events(codec, session("session.updated", OFF), SPEECH) == []
        codec.see_client(session("session.update", ON))
        assert events(codec, SPEECH) == [Interrupted()]
        # Refused: it is as it was.
        assert events(codec, json.dumps({"type": "error", "error": {}}), SPEECH) == []

    def test_other_updates_change_nothing(self) -> None:
        codec = OpenAICodec()
        codec.see_client(json.dumps({"type": "session.update", "session": {"instructions": "sing"}}))
        codec.see_client(json.dumps({"type": "response.create", "x": "session.update", "session": OFF}))
        codec.see_client('{"type":"session.update"')
        assert events(codec, SPEECH) == [Interrupted()]

    def test_it_spares_responses_outside_the_conversation(self) -> None:
        codec = OpenAICodec()
        codec.see(created("aside", conversation_id=None))
        codec.see(created("talk", conversation_id="conv_1"))
        codec.see(created("old"))
        (interrupted,) = events(codec, delta("aside"), delta("talk"), delta("old"), SPEECH)
        assert isinstance(interrupted, Interrupted)
        assert [name for name in ("aside", "talk", "old", "") if interrupted.stops(name)] == [
            "talk",
            "old",
            "",
        ]


class TestOpenAIResponses:
    @pytest.mark.parametrize("status", ["completed", "cancelled", "failed", "incomplete"])
    def test_one_without_audio_ends_and_interrupts_nothing(self, status: str) -> None:
        codec = OpenAICodec()
        assert events(codec, delta("talk"), created("text"), done("text", status)) == []

    def test_each_ends_and_interrupts_its_own_stream(self) -> None:
        codec = OpenAICodec()
        frames = delta("a"), delta("b"), done("a"), done("b", "cancelled")
        assert events(codec, *frames) == [TurnEnded("a"), Interrupted("b")]

    def test_a_cleared_output_buffer_interrupts_its_response(self) -> None:
        cleared = {"type": "output_audio_buffer.cleared"}
        codec = OpenAICodec()
        assert events(codec, json.dumps({**cleared, "response_id": "r"})) == [Interrupted("r")]
        assert events(codec, json.dumps(cleared)) == [Interrupted()]

    def test_those_that_never_end_do_not_fill_the_memory(self) -> None:
        codec = OpenAICodec()
        stated = {"conversation_id": None, "output_audio_format": "g711_ulaw"}
        for number in range(500):
            codec.see(created(f"r{number}", **stated))
            codec.see(delta(f"r{number}"))
        assert events(codec, done("r499")) == [TurnEnded("r499")]
        assert events(codec, done("r0")) == []
        codec.see(created("x" * 10_000, **stated))
        (audio,) = codec.see(delta("x" * 10_000))
        assert isinstance(audio, Audio)
        assert audio.stream == ""

    @pytest.mark.parametrize(
        ("configured", "stated", "asked"),
        [
            ("voice_12", {"id": "voice_12"}, None),
            ("voice_12", {"id": "voice_7"}, {"id": "voice_12"}),
            ("voice_12", "marin", {"id": "voice_12"}),
            ("cedar", {"id": "voice_7"}, "cedar"),
        ],
    )
    def test_custom_voices_are_compared_by_id(self, configured: str, stated: object, asked: object) -> None:
        output = {"output": {"voice": stated}}
        found = OpenAICodec(voice=configured).see(
            json.dumps({"type": "session.created", "session": {"audio": output}})
        )
        voices = [json.loads(event.frame)["session"]["audio"]["output"]["voice"] for event in found]  # type: ignore[union-attr]
        assert voices == ([] if asked is None else [asked])


class TestElevenLabs:
    @staticmethod
    def after_audio(*event_ids: object) -> ElevenLabsCodec:
        codec = ElevenLabsCodec()
        codec.see(elevenlabs_metadata("pcm_24000"))
        for event_id in event_ids:
            frame = json.loads(elevenlabs_audio(CHUNK, 1))
            frame["audio_event"]["event_id"] = event_id
            codec.see(json.dumps(frame))
        return codec

    @staticmethod
    def interruption(event_id: object) -> str:
        return json.dumps({"type": "interruption", "interruption_event": {"event_id": event_id}})

    @pytest.mark.parametrize("event_id", [0, 4, "4", -1])
    def test_an_interruption_older_than_the_latest_audio_stops_nothing(self, event_id: object) -> None:
        assert events(self.after_audio(3, 5), self.interruption(event_id)) == []

    @pytest.mark.parametrize("event_id", [5, 6, "5", None, "?", True, 5.5])
    def test_any_other_stops_everything(self, event_id: object) -> None:
        assert events(self.after_audio(3, 5), self.interruption(event_id)) == [Interrupted()]

    def test_without_numbers_every_interruption_counts(self) -> None:
        assert events(self.after_audio(None), self.interruption(0)) == [Interrupted()]
        assert events(self.after_audio(), self.interruption(0)) == [Interrupted()]


class Streams:
    """Viseme streams that are distinguished by their order; a session needs nothing else."""

    def __init__(self) -> None:
        self.opened: list[Track] = []

    def open(self, _format: AudioFormat) -> Track:
        self.opened.append(Track(None, None, bytes_per_second=48_000))  # type: ignore[arg-type]  # nothing is predicted here
        return self.opened[-1]


def shapes(released: tuple[Frame, ...]) -> list[tuple[int, int]]:
    payload = json.loads(released[-1])["mascotVisemes"]
    return [(viseme["offset"], viseme["visemeId"]) for viseme in payload["visemes"]]


class TestSession:
    def test_interleaved_responses_have_a_stream_each(self) -> None:
        streams = Streams()
        session = Session(OpenAICodec(), streams.open)
        tracks = [session.receive(delta(name)).track for name in ("a", "b", "a", "b")]
        assert tracks == [streams.opened[0], streams.opened[1]] * 2
        # The end of one leaves the other's alone.
        session.receive(done("a"))
        assert session.receive(delta("b")).track is streams.opened[1]
        assert session.receive(delta("a")).track is streams.opened[2]

    def test_text_beside_audio_leaves_its_stream_alone(self) -> None:
        streams = Streams()
        session = Session(OpenAICodec(), streams.open)
        for frame in (delta("a"), created("text"), done("text", "cancelled"), delta("a")):
            session.receive(frame)
        assert len(streams.opened) == 1

    def test_a_face_of_one_response_and_a_face_of_all_are_both_told(self) -> None:
        session = Session(OpenAICodec(), Streams().open)

        def said(name: str, before: int, after: int, *, late: bool = False) -> list[tuple[int, int]]:
            prediction = Prediction(before, ((50, after),) if after != before else ())
            return shapes(session.release(session.receive(delta(name)), None if late else prediction))

        assert said("a", 0, 1) == [(50, 1)]
        # A face that shows both responses has to leave the shape of the other one.
        assert said("b", 0, 2) == [(0, 0), (50, 2)]
        assert said("a", 1, 3, late=True) == []
        # This response gets the shape that it missed, although that shape was the last one sent.
        assert said("b", 2, 3) == [(50, 3)]
        assert said("a", 3, 3) == [(0, 3)]
        assert said("a", 3, 4) == [(50, 4)]

    def test_streams_that_never_end_are_forgotten(self) -> None:
        streams = Streams()
        session = Session(OpenAICodec(), streams.open)
        for number in range(100):
            session.receive(delta(f"r{number}"))
        assert session.receive(delta("r99")).track is streams.opened[99]
        assert session.receive(delta("r0")).track is streams.opened[100]
