"""Streams of live conversations: one network for a turn, and a change under way that is not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mascot_visemes as mv
from mascot_server.inference.capacity import Capacity, Networks
from mascot_server.inference.inference_times import InferenceTimes
from mascot_server.inference.live_streams import HISTORY_MS, LiveEngine, LiveStream
from mascot_server.inference.predictions import predict
from mascot_server.inference.viseme_sets import DEFAULT_SETS, VisemeSets
from mascot_server.observability.metrics import Metrics
from mascot_server.providers.codec import AudioFormat
from mascot_server.simulators.core.sound import encode, resample
from mascot_server.simulators.core.voice import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.simulators.core.sound import Encoding

AUTO = Networks("default", "lite")
PCM = AudioFormat("pcm16", 24000)
FRAME_MS = 10


class Failing:
    """An engine that fails on demand and notes what it is given."""

    def __init__(self, engine: mv.Engine[Any]) -> None:
        self.engine = engine
        self.failing = False
        self.given: list[tuple[bytes, bytes]] = []

    def run_together(
        self, streams: Sequence[Any], chunks: Sequence[bytes], lookaheads: Sequence[bytes], /
    ) -> Any:
        if self.failing:
            raise ZeroDivisionError
        self.given += zip(chunks, lookaheads, strict=True)
        return self.engine.run_together(streams, chunks, lookaheads)


class Process:
    """The networks, with a capacity and a clock of the test's own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.engines = {name: Failing(mv.load(name)) for name in AUTO}
        self.times = InferenceTimes({name: {1: 0.001, 8: 0.002} for name in AUTO}, seconds=0.1)
        self.capacity = Capacity(self.times)
        self.engine = LiveEngine(
            self.engines,
            open_stream,
            network_of={name: name for name in AUTO},
            capacity=self.capacity,
            metrics=self.metrics,
            clock=lambda: self.now,
        )

    def open(self, audio_format: AudioFormat = PCM, sets: VisemeSets = DEFAULT_SETS) -> LiveStream:
        return self.engine.open_stream(AUTO, sets, audio_format)

    def full(self, *, full: bool) -> None:
        """Make the accurate network too expensive, or cheap."""
        for _ in range(150):
            self.capacity.ran("default", streams=16, audio=1.6, took=160.0 if full else 0.001)
        for _ in range(9):
            self.now += 0.6
            self.capacity.begin(AUTO, self.now)
        self.now += 2
        self.capacity.end(self.capacity.begin(AUTO, self.now))

    def say(
        self, streams: list[LiveStream], chunks: Sequence[bytes], lookaheads: Sequence[bytes] | None = None
    ) -> list[list[tuple[int, int]] | None]:
        """Changes at their times in the streams."""
        starts = [stream.time_ms for stream in streams]
        following = [b""] * len(streams) if lookaheads is None else lookaheads
        self.now += 0.1
        return [
            None if prediction is None else [(start + at, int(shape)) for at, shape in prediction.changes]
            for start, prediction in zip(
                starts, predict(self.engine, streams, chunks, following), strict=True
            )
        ]


def open_stream(network: str, sets: VisemeSets, audio_format: AudioFormat) -> mv.Stream[Any]:
    return mv.load(network, shapes=sets.shapes).create_stream(
        sample_rate=audio_format.sample_rate, encoding=audio_format.encoding, weights=sets.weights or False
    )


def speech(turns: int, audio_format: AudioFormat = PCM, *, pause: float = 0.0) -> bytes:
    parts = []
    for turn in range(turns):
        reply = answer(turn)
        parts += [
            resample(reply.samples, reply.sample_rate, audio_format.sample_rate),
            np.zeros(int(pause * audio_format.sample_rate), np.int16),
        ]
    return encode(np.concatenate(parts), audio_format.encoding)


def cut(data: bytes, size: int = 4800) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def shown(network: str, chunks: list[bytes], audio_format: AudioFormat = PCM) -> list[tuple[int, int]]:
    """What a network alone makes of audio."""
    stream = open_stream(network, DEFAULT_SETS, audio_format)
    return [(event.time_ms, event.viseme) for chunk in chunks for event in stream.accept_waveform(chunk)]


def frames(changes: list[tuple[int, int]], duration_ms: float) -> np.ndarray[Any, Any]:
    """The shape in each 10 ms."""
    shapes = np.zeros(int(duration_ms) // FRAME_MS + 1, np.int64)
    for at, shape in changes:
        shapes[max(0, at) // FRAME_MS :] = shape
    return shapes


def said(process: Process, stream: LiveStream, chunks: list[bytes]) -> list[tuple[int, int]]:
    changes: list[tuple[int, int]] = []
    for chunk in chunks:
        (new,) = process.say([stream], [chunk])
        assert new is not None
        changes += new
    return changes


@pytest.mark.parametrize(("full", "network"), [(False, "default"), (True, "lite")])
def test_a_turn_is_what_its_network_makes_of_it(full: bool, network: str) -> None:
    process, chunks = Process(), cut(speech(1))
    process.full(full=full)
    before = process.metrics.turns[(network,)]
    stream = process.open()
    assert said(process, stream, chunks) == shown(network, chunks)
    assert process.metrics.turns[(network,)] == before + 1
    assert process.metrics.turn_downgrades.total == 0


def test_turns_with_different_networks_share_a_batch() -> None:
    process, chunks = Process(), cut(speech(1))
    accurate = process.open()
    process.full(full=True)
    accurate.turn.network = accurate.network
    fast = process.open()
    assert (accurate.network, fast.network) == ("default", "lite")
    changes: list[list[tuple[int, int]]] = [[], []]
    for chunk in chunks:
        for own, new in zip(changes, process.say([accurate, fast], [chunk, chunk]), strict=True):
            assert new is not None
            own.extend(new)
    assert changes == [shown("default", chunks), shown("lite", chunks)]


@pytest.mark.parametrize(
    ("encoding", "rate", "size"),
    [("pcm16", 24000, 4800), ("mulaw", 8000, 777), ("pcm16", 16000, 3203), ("pcm16", 11025, 2206)],
)
def test_a_turn_that_changes_its_network_goes_on_as_if_it_had_always_used_it(
    encoding: Encoding, rate: int, size: int
) -> None:
    audio_format = AudioFormat(encoding, rate)
    process, chunks = Process(), cut(speech(4, audio_format), size)
    stream = process.open(audio_format)
    half = len(chunks) // 2
    changes = said(process, stream, chunks[:half])
    assert changes == shown("default", chunks[:half], audio_format)
    at = stream.time_ms
    stream.turn.network = "lite"
    changes += said(process, stream, chunks[half:])
    assert process.metrics.turn_downgrades.total == 1
    duration = audio_format.duration_ms(sum(map(len, chunks)))
    actual = frames(changes, duration)
    # It changes where the mouth is closed, within half a second.
    late = (at + 600) // FRAME_MS
    expected = frames(shown("lite", chunks, audio_format), duration)
    assert np.mean(actual[late:] == expected[late:]) > 0.97
    # Times go up, and to the end.
    assert [time for time, _ in changes] == sorted(time for time, _ in changes)
    assert abs(stream.time_ms - duration) <= 1


def test_a_change_waits_for_a_closed_mouth() -> None:
    process, chunks = Process(), cut(speech(6))
    stream = process.open()
    closed, waited = 0, 0
    for chunk in chunks:
        stream.turn.network = "lite"
        before, mouth = stream.network, stream.viseme
        process.say([stream], [chunk])
        if (before, stream.network) == ("default", "lite"):
            closed += mouth == 0
            waited += 1
            stream = process.open()
    assert waited >= 8
    assert closed >= waited / 2


def test_a_recent_second_is_kept_and_no_more() -> None:
    process, chunks = Process(), cut(speech(2))
    stream = process.open()
    for chunk in chunks:
        process.say([stream], [chunk])
        assert stream.history_bytes <= PCM.sample_rate * 2 * (HISTORY_MS + 100) // 1000
    assert stream.history_bytes >= PCM.sample_rate * 2 * HISTORY_MS // 1000
    stream.turn.network = "lite"
    said(process, stream, chunks[:10])
    assert stream.history_bytes == 0


def test_sound_after_a_long_silence_begins_a_turn() -> None:
    process = Process()
    audio = cut(speech(3, pause=5.0))
    stream = process.open()
    changes: list[tuple[int, int]] = []
    full = False
    for number, chunk in enumerate(audio):
        changes += said(process, stream, [chunk])
        if stream.inner.kept and not full and number > len(audio) / 2:
            full = True
            process.full(full=True)
    assert full
    assert stream.network == "lite"
    assert process.metrics.turn_downgrades.total == 0
    duration = PCM.duration_ms(sum(map(len, audio)))
    both = [frames(shown(network, audio), duration) for network in AUTO]
    actual = frames(changes, duration)
    sounds = np.flatnonzero(both[1])
    third = sounds[np.flatnonzero(np.diff(sounds) > 300)[-1] + 1] - 20
    # The state after a silence without inference differs slightly, so a change may move by a frame.
    assert np.count_nonzero(actual[: third - 100] != both[0][: third - 100]) <= 2
    assert np.mean(actual[third:] == both[1][third:]) > 0.99
    assert stream.time_ms == duration


def test_silence_that_needs_no_inference_takes_no_capacity() -> None:
    process = Process()
    stream = process.open()
    said(process, stream, [bytes(4800)] * 40)
    process.now += 0.1
    assert stream.inner.kept
    process.capacity.begin(AUTO, process.now)
    assert process.capacity.load < 2 * process.times.cost("default") + 0.01


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9000), st.sampled_from(["default", "lite", "both"])), max_size=25))
def test_a_failure_loses_its_own_chunk_alone(steps: list[tuple[int, str]]) -> None:
    process, audio = Process(), speech(2)
    accurate, fast = process.open(), process.open()
    fast.turn.network = "lite"
    said(process, fast, [bytes(480)])
    at, taken = 0, [b"", bytes(480)]
    for size, failing in steps:
        chunk = audio[at : at + size]
        at += size
        for name, engine in process.engines.items():
            engine.failing = failing in {name, "both"}
        answers = process.say([accurate, fast], [chunk, chunk])
        for place, (name, changes) in enumerate(zip(AUTO, answers, strict=True)):
            assert (changes is None) == (failing in {name, "both"})
            taken[place] += b"" if changes is None else chunk
    for stream, data in zip((accurate, fast), taken, strict=True):
        assert stream.time_ms == len(data) // 2 * 1000 // PCM.sample_rate


@pytest.mark.parametrize("size", [4800, 4801])
def test_a_change_of_network_leaves_no_gap_in_the_blend_weights(size: int) -> None:
    process, chunks = Process(), cut(speech(3), size)
    streams = [process.open(sets=VisemeSets("oculus", "arkit")), process.open()]
    rows = 0
    for number, chunk in enumerate(chunks):
        if number == len(chunks) // 2:
            streams[0].turn.network = "lite"
        process.now += 0.1
        start = streams[0].time_ms
        named, ids = predict(process.engine, streams, [chunk, chunk], [b"", b""])
        assert named is not None
        assert ids is not None
        assert ids.weights is None
        assert all(isinstance(shape, str) for _, shape in named.changes)
        assert all(isinstance(shape, int) for _, shape in ids.changes)
        assert named.weights is not None
        assert named.weights.start_ms + start == FRAME_MS * rows
        rows += len(named.weights.data) // len(named.weights.columns)
    assert streams[0].network == "lite"
    assert rows == -(-sum(map(len, chunks)) // 2 * 1000 // (PCM.sample_rate * FRAME_MS))


@settings(max_examples=12, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9600), min_size=10, max_size=40),
    lengths=st.lists(st.integers(0, 6000), min_size=40, max_size=40),
    place=st.integers(1, 9),
)
def test_what_was_looked_ahead_to_is_processed_once_by_the_network_after_a_change(
    sizes: list[int], lengths: list[int], place: int
) -> None:
    process, audio = Process(), speech(2)
    stream = process.open()
    at, fast_from = 0, 0
    changes: list[tuple[int, int]] = []
    for number, (size, length) in enumerate(zip(sizes, lengths, strict=False)):
        if number == place:
            stream.turn.network = "lite"
        network = stream.network
        (new,) = process.say([stream], [audio[at : at + size]], [audio[at + size : at + size + length]])
        assert new is not None
        if network != stream.network:
            fast_from = at
        if stream.network == "lite":
            changes += new
        at += size
        assert stream.time_ms == at // 2 * 1000 // PCM.sample_rate
    accurate, fast = (process.engines[name].given for name in AUTO)
    # The look-ahead of each network is what it is given next; all it is given follows each other.
    heard = b"".join(chunk for chunk, _ in accurate)
    assert heard == audio[: fast_from or at]
    if not fast_from:
        return
    heard = b"".join(chunk for chunk, _ in fast)
    begin = at - len(heard)
    assert heard == audio[begin:at]
    assert fast_from - begin <= PCM.sample_rate * 2 * (HISTORY_MS + 200) // 1000
    # The new stream is what a stream alone is, after the same history and with the same look-aheads.
    alone, base_ms = open_stream("lite", DEFAULT_SETS, PCM), fast_from // 48 - (fast_from - begin) // 48
    expected = []
    for chunk, after in fast:
        assert audio[begin + len(chunk) :].startswith(after)
        events = alone.accept_waveform(chunk, lookahead=after)
        expected += [(event.time_ms + base_ms, int(event.viseme)) for event in events]
        begin += len(chunk)
    # Where it begins, the shape shown is reported, whichever it is.
    since = fast_from // 48 + FRAME_MS
    assert [change for change in changes if change[0] > since] == [
        change for change in expected if change[0] > since
    ]
