"""Viseme sets and blend weights in the payloads of all providers: what was asked for, for the audio of each message."""

from __future__ import annotations

import base64
import itertools
import json
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.wires import OPENAI_LIVE, WIRES, Wire

import mascot_visemes as mv
from mascot_server.inference.capacity import Networks
from mascot_server.inference.engines import Engines
from mascot_server.inference.predictions import predict
from mascot_server.inference.viseme_sets import VISEME_SHAPES, VISEME_WEIGHTS, VisemeSets
from mascot_server.observability.metrics import Metrics
from mascot_server.providers.codec import AudioFormat
from mascot_server.relay.session import Session
from mascot_server.simulators.core.voice import greeting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mascot_server.inference.viseme_sets import VisemeShapes, VisemeWeights

RATE = 24000
SPEECH = greeting().samples[: 3 * RATE].astype("<i2").tobytes()
ENGINES = Engines({"default": Networks("lite", "lite")}, metrics=Metrics())
ALL = [VisemeSets(shapes, weights) for shapes in VISEME_SHAPES for weights in (None, *VISEME_WEIGHTS)]

cuts = st.lists(st.integers(1, len(SPEECH) // 2 - 1), max_size=10)


class Payload(NamedTuple):
    """One payload, its weights read as an app reads them."""

    raw: dict[str, Any]
    start_ms: float
    rows: NDArray[np.uint8] | None


class Conversation:
    """A session with the real model, fed frame by frame."""

    def __init__(self, wire: Wire, sets: VisemeSets) -> None:
        self.wire = wire
        self.session = Session(wire.codec(), partial(ENGINES.open_stream, "default", sets), sets)
        self.names: list[str] = []
        self.count = 0
        self.ms = 0.0
        for frame in wire.opening:
            assert self.session.release(self.session.receive(frame), None) == (frame,)

    def say(self, data: bytes, *, late: bool = False) -> Payload:
        self.count += 1
        frame = self.wire.audio(data, self.count)
        received = self.session.receive(frame)
        assert received.track is not None
        assert received.audio is not None
        (prediction,) = predict(received.track.engine, [received.track.stream], [received.audio.data], [b""])
        payload, bare = self.wire.payload(self.session.release(received, None if late else prediction))
        assert bare == frame
        weights = payload.get("weights")
        rows = None
        if weights is not None:
            self.names = weights.get("names", self.names)
            frames = np.frombuffer(base64.b64decode(weights["frames"]), np.uint8)
            rows = frames.reshape(-1, len(self.names))
        start, self.ms = self.ms, self.ms + payload["audio_duration"]
        return Payload(payload, start, rows)

    def tell(self, frames: tuple[str | bytes, ...]) -> None:
        for frame in frames:
            self.session.release(self.session.receive(frame), None)
        self.count += 10
        self.ms = 0.0


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """PCM16 cut at these samples."""
    edges = sorted({0, len(data), *(2 * place for place in places)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize("sets", ALL, ids=lambda sets: f"{sets.shapes}-{sets.weights}")
@given(places=cuts)
@settings(max_examples=3, deadline=None, derandomize=True)
def test_events_and_rows_are_those_of_the_model(sets: VisemeSets, places: list[int]) -> None:
    conversation = Conversation(WIRES["openai"], sets)
    engine = mv.load("lite", shapes=sets.shapes)
    stream = engine.create_stream(sample_rate=RATE, weights=sets.weights or False)
    member = "visemeId" if sets.shapes == "sapi" else "viseme"
    shown: Any = engine.visemes[0]
    for chunk in cut(SPEECH, places):
        payload = conversation.say(chunk)
        # Two changes within a millisecond are one to an app, and the last one may be moved into the message.
        expected = {}
        last = math.ceil(payload.raw["audio_duration"]) - 1
        start = stream.time_ms
        for event in stream.accept_waveform(chunk):
            expected[min(event.time_ms - start, last)] = event.viseme
        changes = []
        for offset, viseme in expected.items():
            if viseme != shown:
                changes.append({member: viseme, "offset": offset})
            shown = viseme
        assert payload.raw["visemes"] == changes
        if sets.weights is None:
            assert "weights" not in payload.raw
            continue
        assert payload.rows is not None
        np.testing.assert_array_equal(payload.rows, np.rint(stream.weights * 255))
        assert conversation.names == list(stream.columns)


@pytest.mark.parametrize("wire", [*WIRES.values(), OPENAI_LIVE], ids=[*WIRES, "openai_live"])
@given(places=cuts)
@settings(max_examples=3, deadline=None, derandomize=True)
def test_there_is_a_row_for_each_10_ms_and_the_heaviest_viseme_is_the_one_shown(
    wire: Wire, places: list[int]
) -> None:
    conversation = Conversation(wire, VisemeSets("oculus", "oculus"))
    rows: list[NDArray[np.uint8]] = []
    changes = {0: "sil"}
    for chunk in cut(SPEECH, places):
        payload = conversation.say(chunk)
        assert payload.rows is not None
        weights = payload.raw["weights"]
        assert weights["fps"] == 100
        assert 0 <= weights["offset"] <= 10
        if len(payload.rows):
            # The offset is a whole number, as those of the events.
            assert payload.start_ms + weights["offset"] == pytest.approx(10 * len(rows), abs=1)
        rows += list(payload.rows)
        for event in payload.raw["visemes"]:
            changes[round((payload.start_ms + event["offset"]) / 10)] = event["viseme"]
    assert len(rows) == 300
    edges = [*changes, 300]
    for first, end in itertools.pairwise(edges):
        column = conversation.names.index(changes[first])
        for row in rows[first + 3 : end - 1]:
            assert row[column] > 127
            assert abs(int(row.sum()) - 255) <= 8


@pytest.mark.parametrize("weights", VISEME_WEIGHTS)
def test_columns_are_named_once_a_turn_and_rows_begin_at_rest(wire: Wire, weights: VisemeWeights) -> None:
    conversation = Conversation(wire, VisemeSets("sapi", weights))
    chunks = [SPEECH[at : at + 4800] for at in range(0, 48_000, 4800)]

    def named(count: int) -> list[bool]:
        return ["names" in conversation.say(chunk).raw["weights"] for chunk in chunks[:count]]

    assert named(3) == [True, False, False]
    conversation.tell(wire.interruption)
    first = conversation.say(SPEECH[60_000:64_800])
    assert "names" in first.raw["weights"]
    rest = [255 * (name == "sil") for name in conversation.names]
    assert first.rows is not None
    # At most half of the weight moves in a row; the widest pose is a mouth that is wide open.
    assert np.abs(first.rows[0].astype(int) - rest).max() <= 128
    assert named(2) == [False] * 2
    conversation.tell(wire.turn_end)
    assert named(3) == [True, False, False]


def test_late_audio_has_no_weights_and_names_come_with_the_first_that_are_there(wire: Wire) -> None:
    conversation = Conversation(wire, VisemeSets("oculus", "arkit"))
    late = conversation.say(SPEECH[:4800], late=True).raw
    assert late["visemes"] == []
    assert "weights" not in late
    there = conversation.say(SPEECH[4800:9600]).raw["weights"]
    assert there["names"][0] == "jawOpen"
    assert len(base64.b64decode(there["frames"])) == 10 * len(there["names"])
    assert "weights" not in conversation.say(SPEECH[9600:14_400], late=True).raw
    assert "names" not in conversation.say(SPEECH[14_400:19_200]).raw["weights"]


def test_a_tail_shorter_than_a_row(wire: Wire) -> None:
    conversation = Conversation(wire, VisemeSets("sapi", "oculus"))
    # 101 ms, 3 ms and 1 ms of it, then nothing at all, then 95 ms.
    sizes = [4848, 144, 48, 0, 4560]
    payloads: list[Payload] = []
    at = 0
    for size in sizes:
        payloads.append(conversation.say(SPEECH[at : at + size]))
        at += size
    assert [None if its.rows is None else len(its.rows) for its in payloads] == [11, 0, 0, 0, 9]
    assert payloads[-1].raw["weights"]["offset"] == 5


def test_the_default_opens_no_weights_and_keeps_the_contracts_payload() -> None:
    track = ENGINES.open_stream("default", VisemeSets(), AudioFormat("pcm16", RATE))
    assert track.stream.weights is None
    network_stream: Any = track.stream
    with pytest.raises(mv.NoWeightsError):
        _ = network_stream.inner.stream.weights
    conversation = Conversation(WIRES["openai"], VisemeSets())
    for at in range(0, 48_000, 4800):
        payload = conversation.say(SPEECH[at : at + 4800]).raw
        assert list(payload) == [
            "visemes",
            "audio_event_id",
            "subchunk_id",
            "total_chunks",
            "audio_duration",
        ]
        assert all(list(event) == ["visemeId", "offset"] for event in payload["visemes"])


@pytest.mark.parametrize("shapes", VISEME_SHAPES)
def test_silence_of_each_set(shapes: VisemeShapes) -> None:
    assert VisemeSets(shapes).silence == mv.load("lite", shapes=shapes).visemes[0]


def test_several_answers_at_once_are_named_each() -> None:
    conversation = Conversation(WIRES["openai"], VisemeSets("sapi", "vrm"))
    named = []
    for number in range(6):
        frame = json.loads(WIRES["openai"].audio(SPEECH[:4800], number))
        frame["response_id"] = f"resp_{number % 2}"
        received = conversation.session.receive(json.dumps(frame))
        assert received.track is not None
        (prediction,) = predict(received.track.engine, [received.track.stream], [SPEECH[:4800]], [b""])
        (sent,) = conversation.session.release(received, prediction)
        named.append("names" in json.loads(sent)["mascotVisemes"]["weights"])
    assert named == [True, True, False, False, False, False]
