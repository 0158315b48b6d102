"""The session core over all three wire formats: what is added to a stream of frames, and what is left alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.wires import WIRES, Wire, elevenlabs_metadata, gemini_audio, openai_session

from mascot_server.inference.jobs import Track
from mascot_server.inference.predictions import predict
from mascot_server.providers.codec import AudioFormat
from mascot_server.relay.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.providers.codec import Frame

PCM24 = AudioFormat("pcm16", 24000)
CHUNK = bytes(4800)  # 100 ms
LATE = "late"


@dataclass(frozen=True)
class Change:
    time_ms: int
    viseme: int


@dataclass
class ScriptedStream:
    """A viseme stream that returns the changes of its script, at the times of the script."""

    format: AudioFormat
    script: list[Change] = field(default_factory=list)
    elapsed: float = 0.0
    viseme: int = 0
    weights: None = None

    @property
    def time_ms(self) -> int:
        return int(self.elapsed)

    def hear(self, chunk: bytes) -> list[Change]:
        end = self.elapsed + self.format.duration_ms(len(chunk))
        said = [change for change in self.script if self.elapsed <= change.time_ms < end]
        self.elapsed = end
        self.viseme = said[-1].viseme if said else self.viseme
        return said


class ScriptedEngine:
    """An engine of scripted streams."""

    def run_together(
        self, streams: Sequence[ScriptedStream], chunks: Sequence[bytes], _: Sequence[bytes], /
    ) -> list[list[Change]]:
        return [stream.hear(chunk) for stream, chunk in zip(streams, chunks, strict=True)]


ENGINE = ScriptedEngine()


class Conversation:
    """A session fed frame by frame, with scripted streams one after the other."""

    def __init__(self, wire: Wire, *scripts: list[tuple[int, int]]) -> None:
        self.wire = wire
        self.scripts = [[Change(*change) for change in script] for script in scripts]
        self.streams: list[ScriptedStream] = []
        self.session = Session(wire.codec(), self._open)
        self.count = 0
        for frame in wire.opening:
            assert self.feed(frame) == (frame,)

    def _open(self, audio_format: AudioFormat) -> Track:
        script = self.scripts[len(self.streams)] if len(self.streams) < len(self.scripts) else []
        self.streams.append(ScriptedStream(audio_format, script))
        return Track(ENGINE, self.streams[-1], bytes_per_second=48_000)

    def feed(self, frame: Frame, *, late: bool = False) -> tuple[Frame, ...]:
        received = self.session.receive(frame)
        prediction = None
        if received.audio is not None and received.track is not None:
            (prediction,) = predict(ENGINE, [received.track.stream], [received.audio.data], [b""])
        return self.session.release(received, None if late else prediction)

    def say(self, data: bytes = CHUNK, *, late: bool = False) -> list[tuple[int, int]]:
        """Feeds audio; returns the (offset, id) pairs of its payload."""
        self.count += 1
        frame = self.wire.audio(data, self.count)
        payload, bare = self.wire.payload(self.feed(frame, late=late))
        assert bare == frame
        assert type(bare) is type(frame)
        assert payload["audio_duration"] == len(data) / 48
        return [(viseme["offset"], viseme["visemeId"]) for viseme in payload["visemes"]]

    def interrupt(self) -> None:
        """Feeds an interruption; audio after it has higher numbers than it."""
        for frame in self.wire.interruption:
            assert self.feed(frame) == (frame,)
        self.count += 10


def test_the_payload_is_the_documented_one(wire: Wire) -> None:
    conversation = Conversation(wire, [(12, 4), (108, 18)])
    payload, _ = wire.payload(conversation.feed(wire.audio(bytes(48 * 720), 1)))
    assert payload == {
        "visemes": [{"visemeId": 4, "offset": 12}, {"visemeId": 18, "offset": 108}],
        "audio_event_id": 1,
        "subchunk_id": 1,
        "total_chunks": 1,
        "audio_duration": 720,
    }


@given(
    name=st.sampled_from(sorted(WIRES)),
    script=st.dictionaries(st.integers(0, 99), st.integers(1, 21), max_size=9),
    size=st.integers(0, 48_000),
    n=st.integers(-(2**63), 2**63),
)
def test_the_payload_is_what_json_would_make_of_it(
    name: str, script: dict[int, int], size: int, n: int
) -> None:
    wire = WIRES[name]
    conversation = Conversation(wire, sorted(script.items()))
    sent = conversation.feed(wire.audio(bytes(size), n))
    payload, _ = wire.payload(sent)
    text = sent[0] if isinstance(sent[0], str) else sent[0].decode()
    dumped = json.dumps(payload, separators=(",", ":"))
    assert dumped[1:] in text


def test_offsets_count_from_the_start_of_their_own_message(wire: Wire) -> None:
    conversation = Conversation(wire, [(10, 1), (110, 2), (250, 3)])
    assert conversation.say() == [(10, 1)]
    assert conversation.say() == [(10, 2)]
    assert conversation.say() == [(50, 3)]


def test_audio_without_a_change_still_carries_a_payload(wire: Wire) -> None:
    assert Conversation(wire).say() == []


def test_a_late_prediction_leaves_the_list_empty_and_is_made_up_for_at_once(wire: Wire) -> None:
    conversation = Conversation(wire, [(10, 1), (150, 2)])
    assert conversation.say(late=True) == []
    assert conversation.say() == [(0, 1), (50, 2)]


def test_a_new_turn_starts_from_silence_and_says_so_if_the_mouth_was_open(wire: Wire) -> None:
    conversation = Conversation(wire, [(10, 1)], [(40, 2)])
    assert conversation.say() == [(10, 1)]
    for frame in wire.turn_end:
        assert conversation.feed(frame) == (frame,)
    assert conversation.say() == [(0, 0), (40, 2)]


def test_after_an_interruption_the_next_audio_starts_with_an_event_whatever_it_is(wire: Wire) -> None:
    conversation = Conversation(wire)
    assert conversation.say() == []
    conversation.interrupt()
    assert conversation.say(late=True) == []
    assert conversation.say() == [(0, 0)]
    assert conversation.say() == []


def test_an_interruption_starts_a_fresh_stream(wire: Wire) -> None:
    conversation = Conversation(wire, [(10, 5), (110, 6)], [(0, 7), (110, 8)])
    conversation.say()
    conversation.interrupt()
    assert conversation.say() == [(0, 7)]
    assert conversation.say() == [(10, 8)]


def test_audio_that_cannot_be_used_goes_on_bare_and_is_told(wire: Wire) -> None:
    for frame in wire.broken:
        conversation = Conversation(wire)
        received = conversation.session.receive(frame)
        assert received.audio is None
        assert received.undecodable
        assert conversation.session.release(received, None) == (frame,)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 47])
def test_offsets_stay_inside_the_shortest_messages(wire: Wire, size: int) -> None:
    conversation = Conversation(wire, [(0, 3)])
    offsets = conversation.say(bytes(size))
    assert all(0 <= offset < size / 48 for offset, _ in offsets)
    # Even no audio at all is followed by the shape, as soon as there is room for it.
    assert conversation.say()[:1] == ([] if offsets else [(0, 3)])


@given(
    name=st.sampled_from(sorted(WIRES)),
    script=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 21)), max_size=30),
    sizes=st.lists(st.integers(0, 9600), min_size=1, max_size=12),
    late=st.sets(st.integers(0, 11)),
)
def test_offsets_are_sorted_inside_their_message_and_ids_differ_from_the_one_before(
    name: str, script: list[tuple[int, int]], sizes: list[int], late: set[int]
) -> None:
    # A stream's own events are strictly increasing and differ from one to the next.
    clean: list[tuple[int, int]] = []
    for time_ms, viseme in sorted(dict(script).items()):
        if viseme != (clean[-1][1] if clean else 0):
            clean.append((time_ms, viseme))
    conversation = Conversation(WIRES[name], clean)
    shown = 0
    for i, size in enumerate(sizes):
        changes = conversation.say(bytes(size), late=i in late)
        offsets = [offset for offset, _ in changes]
        assert offsets == sorted(set(offsets))
        assert all(0 <= offset < size / 48 for offset in offsets)
        for _, viseme in changes:
            assert viseme != shown
            assert 0 <= viseme <= 21
            shown = viseme
        if i not in late and size >= 48:
            assert shown == conversation.streams[0].viseme


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "audio",
                    "audio_event",
                    "delta",
                    "response",
                    "session",
                    "serverContent",
                    "modelTurn",
                    "parts",
                    "inlineData",
                    "mimeType",
                    "data",
                    "setup",
                    "model",
                    "interrupted",
                    "turnComplete",
                    "event_id",
                    "conversation_initiation_metadata_event",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
types = st.sampled_from(
    [
        "audio",
        "response.output_audio.delta",
        "response.done",
        "response.created",
        "session.created",
        "session.updated",
        "interruption",
        "conversation_initiation_metadata",
        "user_transcript",
        "conversation_initiation_client_data",
    ]
)
odd_frames = (
    st.text()
    | st.builds(lambda kind: json.dumps({"type": kind}), json_values)
    | st.binary()
    | st.builds(json.dumps, json_values)
    | st.builds(
        lambda kind, rest: json.dumps({**rest, "type": kind}), types, st.dictionaries(st.text(), json_values)
    )
    | st.builds(lambda value: json.dumps({"serverContent": {"modelTurn": value}}).encode(), json_values)
)


@given(name=st.sampled_from(sorted(WIRES)), frames=st.lists(odd_frames, max_size=6))
def test_frames_that_are_not_understood_pass_untouched_both_ways(name: str, frames: list[Frame]) -> None:
    conversation = Conversation(WIRES[name])
    for frame in frames:
        received = conversation.session.receive(frame)
        if received.audio is None:
            released = conversation.session.release(received, None)
            assert released == (frame,)
            assert type(released[0]) is type(frame)
        returned = conversation.session.receive_client(frame)
        assert returned == frame
        assert type(returned) is type(frame)


@given(name=st.sampled_from(sorted(WIRES)), sizes=st.lists(st.integers(0, 4800), min_size=1, max_size=8))
def test_the_same_frames_in_give_the_same_frames_out(name: str, sizes: list[int]) -> None:
    first, second = (Conversation(WIRES[name], [(5, 1), (105, 2), (155, 0)]) for _ in range(2))
    frames = [WIRES[name].audio(bytes(size), i) for i, size in enumerate(sizes)]
    assert [first.feed(frame) for frame in frames] == [second.feed(frame) for frame in frames]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("pcm_8000", AudioFormat("pcm16", 8000)),
        ("pcm_16000", AudioFormat("pcm16", 16000)),
        ("pcm_22050", AudioFormat("pcm16", 22050)),
        ("pcm_24000", AudioFormat("pcm16", 24000)),
        ("pcm_44100", AudioFormat("pcm16", 44100)),
        ("pcm_48000", AudioFormat("pcm16", 48000)),
        ("ulaw_8000", AudioFormat("mulaw", 8000)),
        ("alaw_8000", AudioFormat("alaw", 8000)),
    ],
)
def test_every_format_that_elevenlabs_can_name_is_known(stated: str, expected: AudioFormat) -> None:
    conversation = Conversation(WIRES["elevenlabs"])
    conversation.feed(elevenlabs_metadata(stated))
    conversation.feed(WIRES["elevenlabs"].audio(bytes(100), 1))
    assert conversation.streams[0].format == expected


@pytest.mark.parametrize("stated", ["opus_48000", "pcm_", "pcm_96000", "mp3_44100", ""])
def test_a_format_that_is_not_known_leaves_audio_bare(stated: str) -> None:
    conversation = Conversation(WIRES["elevenlabs"])
    conversation.feed(elevenlabs_metadata(stated))
    frame = WIRES["elevenlabs"].audio(bytes(100), 1)
    assert conversation.feed(frame) == (frame,)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"type": "audio/pcm", "rate": 24000}, PCM24),
        ({"type": "audio/pcmu"}, AudioFormat("mulaw", 8000)),
        ({"type": "audio/pcma"}, AudioFormat("alaw", 8000)),
    ],
)
@pytest.mark.parametrize("kind", ["session.created", "session.updated"])
def test_openai_sessions_state_their_format(
    stated: dict[str, object], expected: AudioFormat, kind: str
) -> None:
    conversation = Conversation(WIRES["openai"])
    conversation.feed(openai_session(stated, kind=kind))
    conversation.feed(WIRES["openai"].audio(bytes(100), 1))
    assert conversation.streams[0].format == expected


def test_an_openai_response_may_have_a_format_of_its_own() -> None:
    conversation = Conversation(WIRES["openai"])
    response = {"id": "resp_1", "audio": {"output": {"format": {"type": "audio/pcmu"}}}}
    conversation.feed(json.dumps({"type": "response.created", "response": response}))
    conversation.feed(WIRES["openai"].audio(bytes(100), 1))
    conversation.feed(
        json.dumps({"type": "response.done", "response": {"id": "resp_1", "status": "completed"}})
    )
    conversation.feed(WIRES["openai"].audio(bytes(100), 2))
    assert [stream.format for stream in conversation.streams] == [AudioFormat("mulaw", 8000), PCM24]


def test_the_openai_beta_names_are_understood() -> None:
    conversation = Conversation(WIRES["openai"], [(0, 9)])
    conversation.feed(
        json.dumps({"type": "session.created", "session": {"output_audio_format": "g711_alaw"}})
    )
    (frame,) = conversation.feed(
        json.dumps({"type": "response.audio.delta", "response_id": "r", "delta": "AAAAAAAAAAAA"})
    )
    assert json.loads(frame)["mascotVisemes"]["visemes"] == [{"visemeId": 9, "offset": 0}]
    assert conversation.streams[0].format == AudioFormat("alaw", 8000)


@pytest.mark.parametrize(
    ("mime_type", "rate"),
    [
        ("audio/pcm;rate=24000", 24000),
        ("audio/pcm; rate=16000", 16000),
        ("audio/pcm", 24000),
        ("audio/L16;rate=8000", 8000),
    ],
)
def test_gemini_audio_states_its_format(mime_type: str, rate: int) -> None:
    conversation = Conversation(WIRES["gemini"])
    conversation.feed(gemini_audio(bytes(100), 1, mime_type))
    assert conversation.streams[0].format == AudioFormat("pcm16", rate)
