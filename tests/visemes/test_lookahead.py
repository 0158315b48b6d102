"""Chunks whose look-ahead is known are answered as a whole recording is."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import mascot_visemes as mv

Babble = Callable[[int, float], NDArray[np.int16]]
Pcm = NDArray[np.int16]

RATE = 24000
GREETING = (
    Path(__file__).parents[2] / "packages/mascot-server/src/mascot_server/simulators/assets/en/1-greeting.wav"
)

several = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
cuts = st.lists(st.integers(0, 3 * RATE), max_size=30)
models = pytest.mark.parametrize("model", ["default", "lite"])


@pytest.fixture(scope="module")
def speech() -> Pcm:
    """Three seconds of a synthetic voice."""
    with wave.open(str(GREETING)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(3 * RATE), "<i2")


def pieces(pcm: Pcm, places: Sequence[int]) -> list[tuple[Pcm, Pcm]]:
    """Chunks, each with all that follows it."""
    edges = sorted({0, len(pcm), *places})
    return [(pcm[a:b], pcm[b:]) for a, b in itertools.pairwise(edges)]


def shown(events: Sequence[mv.VisemeEvent], ms: int) -> NDArray[np.int64]:
    """The viseme of each frame."""
    frames = np.zeros(-(-ms // 10), np.int64)
    for event in events:
        frames[event.time_ms // 10 :] = event.viseme
    return frames


@models
@given(places=cuts)
@several
def test_with_look_ahead_any_split_says_what_one_chunk_says(
    model: str, speech: Pcm, places: list[int]
) -> None:
    engine = mv.load(model)
    whole = engine.create_stream(sample_rate=RATE).accept_waveform(speech)
    stream = engine.create_stream(sample_rate=RATE)
    events = []
    for chunk, following in pieces(speech, places):
        events += stream.accept_waveform(chunk, lookahead=following)
    # The decoder's choice in a frame may depend on sound farther away, in a few frames of a thousand.
    assert (shown(events, 3000) != shown(whole, 3000)).sum() <= 3


@models
def test_the_first_chunk_may_be_without(model: str, speech: Pcm) -> None:
    engine = mv.load(model)
    whole = engine.create_stream(sample_rate=RATE).accept_waveform(speech)
    stream = engine.create_stream(sample_rate=RATE)
    events: list[mv.VisemeEvent] = []
    for number, (chunk, following) in enumerate(pieces(speech, range(0, 3 * RATE, 2400))):
        events += stream.accept_waveform(chunk, lookahead=following if number else None)
    stream_alone = engine.create_stream(sample_rate=RATE)
    alone = [
        event
        for chunk, _ in pieces(speech, range(0, 3 * RATE, 2400))
        for event in stream_alone.accept_waveform(chunk)
    ]
    agree, disagree = (shown(told, 3000)[20:] != shown(whole, 3000)[20:] for told in (events, alone))
    assert agree.sum() <= 3 < disagree.sum()


@given(
    edges=st.lists(st.integers(0, 96000), max_size=12),
    lengths=st.lists(st.integers(0, 20000), min_size=13, max_size=13),
    encoding=st.sampled_from(["pcm16", "float32", "mulaw"]),
)
@several
def test_more_than_enough_changes_nothing_however_it_is_given(
    speech: Pcm, edges: list[int], lengths: list[int], encoding: mv.Encoding
) -> None:
    """Look-aheads as bytes of any length, which may end within a sample or the chunk after the next."""
    data = {
        "pcm16": speech.tobytes(),
        "float32": np.divide(speech, 32768, dtype=np.float32).tobytes(),
        "mulaw": speech.tobytes()[::2],
    }[encoding]
    width = {"pcm16": 2, "float32": 4, "mulaw": 1}[encoding]
    engine = mv.load("lite")
    plain, exact = (engine.create_stream(sample_rate=RATE, encoding=encoding) for _ in range(2))
    borders = sorted({0, len(data), *(min(edge, len(data)) for edge in edges)})
    for (a, b), length in zip(itertools.pairwise(borders), lengths, strict=False):
        # What the first stream has heard at the end of its chunk, the second one is given in whole samples.
        told = plain.accept_waveform(data[a:b], lookahead=data[b : b + length])
        end = (b + min(length, len(data) - b)) // width * width
        assert exact.accept_waveform(data[a:b], lookahead=data[b : max(end, b)]) == told
        assert plain.samples == b // width
        assert plain.time_ms == b // width * 1000 // RATE
        for event in told:
            assert a // width * 1000 // RATE <= event.time_ms < -(-b // width * 1000 // RATE)


def test_events_lie_in_their_chunk(speech: Pcm) -> None:
    stream = mv.load("lite").create_stream(sample_rate=RATE)
    for number, (chunk, following) in enumerate(pieces(speech, range(0, 3 * RATE, 1200))):
        before = stream.viseme
        for event in stream.accept_waveform(chunk, lookahead=following):
            assert 50 * number <= event.time_ms < 50 * number + 50
            assert event.viseme != before
            before = event.viseme


@given(
    rates=st.lists(st.sampled_from([8000, 11025, 16000, 24000, 44100]), min_size=1, max_size=5),
    turns=st.lists(
        st.lists(st.tuples(st.integers(0, 200), st.none() | st.integers(0, 300)), min_size=5, max_size=5),
        min_size=1,
        max_size=6,
    ),
    alike=st.booleans(),
)
@several
def test_streams_run_together_say_what_each_says_alone(
    engine: mv.Engine,
    babble: Babble,
    rates: list[int],
    turns: list[list[tuple[int, int | None]]],
    alike: bool,
) -> None:
    if alike:
        rates = rates[:1] * len(rates)
    alone, together = ([engine.create_stream(sample_rate=rate) for rate in rates] for _ in range(2))
    audio = [np.roll(babble(rate, 2.0), -i * 900).tobytes() for i, rate in enumerate(rates)]
    for turn in turns:
        chunks: list[bytes] = []
        lookaheads: list[bytes | None] = []
        for i, rate in enumerate(rates):
            length, ahead = turn[0 if alike else i]
            size = length * rate // 500 + (0 if alike else length % 3)
            chunks.append(audio[i][:size])
            audio[i] = audio[i][size:]
            lookaheads.append(None if ahead is None else audio[i][: ahead * rate // 500])
        expected = [
            stream.accept_waveform(chunk, lookahead=ahead)
            for stream, chunk, ahead in zip(alone, chunks, lookaheads, strict=True)
        ]
        assert engine.run_together(together, chunks, lookaheads) == expected
    for stream, other in zip(alone, together, strict=True):
        assert (stream.viseme, stream.samples) == (other.viseme, other.samples)
        assert stream.input_finished() == other.input_finished()


def test_the_network_runs_once_over_each_step(monkeypatch: pytest.MonkeyPatch, speech: Pcm) -> None:
    engine = mv.load("lite")
    steps: list[int] = []
    run = type(engine._network).run

    def counted(network: Any, inputs: Any, state: Any) -> Any:
        steps.append(inputs.shape[1])
        return run(network, inputs, state)

    monkeypatch.setattr(type(engine._network), "run", counted)
    stream = engine.create_stream(sample_rate=RATE)
    for chunk, following in pieces(speech, range(0, 3 * RATE, 2400)):
        stream.accept_waveform(chunk, lookahead=following)
    assert sum(steps) == 150


def test_a_long_chunk_and_what_follows_it(engine: mv.Engine, speech: Pcm) -> None:
    long = np.tile(speech, 11)
    whole = engine.create_stream(sample_rate=RATE).accept_waveform(long)
    for end in (30 * RATE - 100, 30 * RATE, 30 * RATE + RATE // 5, len(long) - 100):
        stream = engine.create_stream(sample_rate=RATE)
        events = stream.accept_waveform(long[:end], lookahead=long[end:])
        assert all(event.time_ms < end * 1000 / RATE for event in events)
        events += stream.accept_waveform(long[end:])
        assert (shown(events, 33000) != shown(whole, 33000)).sum() <= 3


@pytest.mark.parametrize("lookahead", ["no audio", np.array([np.nan], np.float32)])
def test_a_look_ahead_that_cannot_be_used_changes_nothing(lookahead: object, speech: Pcm) -> None:
    engine = mv.load("lite")
    data = speech.tobytes()
    one, other = (engine.create_stream(sample_rate=RATE) for _ in range(2))
    with pytest.raises(mv.AudioError):
        one.accept_waveform(data[:4801], lookahead=lookahead)  # type: ignore[arg-type]
    with pytest.raises(mv.AudioError):
        engine.run_together([other, one], [data[:4801], data[:4801]], [None, lookahead])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="lookaheads: expected one for each of 2 streams, got 1"):
        engine.run_together([other, one], [data[:4801], data[:4801]], [None])
    assert one.samples == 0
    assert one.accept_waveform(data) == other.accept_waveform(data)


def test_a_look_ahead_of_another_type(speech: Pcm) -> None:
    one, other = (mv.load("lite").create_stream(sample_rate=RATE) for _ in range(2))
    floats = np.divide(speech, 32768, dtype=np.float32)
    for chunk, following in pieces(speech, range(0, 3 * RATE, 2400)):
        after = floats[len(speech) - len(following) :]
        assert one.accept_waveform(chunk, lookahead=after) == other.accept_waveform(
            chunk, lookahead=following
        )


def test_a_stream_ends_where_its_last_chunk_ends(speech: Pcm) -> None:
    stream = mv.load("lite").create_stream(sample_rate=RATE)
    loud = next(at for at in range(0, len(speech), 2400) if np.abs(speech[at : at + 2400]).max() > 8000)
    events = stream.accept_waveform(speech[: loud + 2400], lookahead=speech[loud + 2400 :])
    assert stream.viseme != 0
    events = stream.input_finished()
    assert [(event.time_ms, event.viseme) for event in events] == [((loud + 2400) // 24, 0)]
    stream.reset()
    fresh = mv.load("lite").create_stream(sample_rate=RATE)
    assert stream.accept_waveform(speech) == fresh.accept_waveform(speech)


@pytest.mark.parametrize("shapes", ["sapi", "oculus"])
@given(places=cuts)
@several
def test_weights_agree_with_events_and_with_those_of_one_chunk(
    shapes: str, speech: Pcm, places: list[int]
) -> None:
    engine = mv.load("lite", shapes=shapes)
    whole = engine.create_stream(sample_rate=RATE, weights=True)
    whole.accept_waveform(speech)
    stream = engine.create_stream(sample_rate=RATE, weights=True)
    events, rows = [], []
    for chunk, following in pieces(speech, places):
        events += stream.accept_waveform(chunk, lookahead=following)
        rows.append(stream.weights)
    weights = np.concatenate(rows)
    assert weights.shape == whole.weights.shape
    for event, following_event in itertools.pairwise(events):
        column = engine.visemes.index(event.viseme)
        settled = weights[event.time_ms // 10 + 3 : following_event.time_ms // 10 - 1, column]
        assert (settled > 0.5).all()
    # A mouth moves 10 ms ahead of an event, but not across the end of a chunk.
    ends = np.array([0, *places]) * 100 // RATE
    near = np.isin(np.arange(len(weights)), np.add.outer(ends, np.arange(-2, 12)))
    apart = np.abs(weights - whole.weights).max(axis=1) > 0.01
    assert apart[~near].sum() <= 10


@pytest.mark.parametrize("columns", ["sapi", "oculus", "vrm", "arkit"])
@pytest.mark.parametrize("shapes", ["sapi", "rhubarb"])
@given(places=cuts, lengths=st.lists(st.integers(0, 4000), min_size=31, max_size=31))
@settings(parent=several, max_examples=4)
def test_weights_of_another_set_see_the_same_look_ahead(
    shapes: str, columns: mv.Shapes, speech: Pcm, places: list[int], lengths: list[int]
) -> None:
    engine, other = mv.load("lite", shapes=shapes), mv.load("lite", shapes=columns)
    stream, plain = (engine.create_stream(sample_rate=RATE, weights=weights) for weights in (columns, False))
    theirs = other.create_stream(sample_rate=RATE, weights=True)
    for (chunk, following), length in zip(pieces(speech, places), lengths, strict=False):
        after = following[:length] if length else None
        assert stream.accept_waveform(chunk, lookahead=after) == plain.accept_waveform(chunk, lookahead=after)
        theirs.accept_waveform(chunk, lookahead=after)
        np.testing.assert_array_equal(stream.weights, theirs.weights)


def test_streams_of_models_that_share_a_network_and_with_weights_of_several_sets_share_a_call(
    speech: Pcm,
) -> None:
    wanted: list[tuple[str, bool | mv.Shapes]] = [
        ("default", "arkit"),
        ("indonesian", "arkit"),
        ("default", False),
        ("indonesian", "vrm"),
        ("default", True),
        ("default", "arkit"),
    ]
    engine = mv.load("default")
    together, alone = (
        [mv.load(model).create_stream(sample_rate=RATE, weights=weights) for model, weights in wanted]
        for _ in range(2)
    )
    for number, (chunk, following) in enumerate(pieces(speech, range(0, 3 * RATE, 2400))):
        chunks = [np.roll(chunk, 100 * number * i) for i in range(len(wanted))]
        # The look-ahead of a stream is its next chunk.
        following_chunks = [np.roll(following[:2400], 100 * (number + 1) * i) for i in range(len(wanted))]
        lookaheads = [after if (number + i) % 3 else None for i, after in enumerate(following_chunks)]
        each = zip(alone, chunks, lookaheads, strict=True)
        expected = [one.accept_waveform(its, lookahead=after) for one, its, after in each]
        assert engine.run_together(together, chunks, lookaheads) == expected
        for stream, one in zip(together, alone, strict=True):
            if stream.columns:
                np.testing.assert_allclose(stream.weights, one.weights, atol=1e-4)
