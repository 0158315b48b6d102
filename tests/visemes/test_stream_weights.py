"""Blend weights of streams: they agree with the events, move within bounds, and are the same in any company."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import mascot_visemes as mv
from mascot_visemes.shapes import SHAPES

Babble = Callable[[int, float], NDArray[np.int16]]
Floats = NDArray[np.float32]

SETS = ["sapi", "oculus", "rhubarb", "vrm"]
RATE = 24000
GREETING = (
    Path(__file__).parents[2] / "packages/mascot-server/src/mascot_server/simulators/assets/en/1-greeting.wav"
)

several = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
cuts = st.lists(st.integers(0, 3 * RATE), max_size=12)


@pytest.fixture(scope="module")
def speech() -> NDArray[np.int16]:
    """Three seconds of a synthetic voice, which closes its lips; "Hello there, welcome back to the harbor desk"."""
    with wave.open(str(GREETING)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(3 * RATE), "<i2")


def said(
    engine: mv.Engine, chunks: Sequence[NDArray[np.int16]], **options: object
) -> tuple[Floats, NDArray[np.int64]]:
    """The weights of all chunks, and for each row the index of the viseme that the events show."""
    stream = engine.create_stream(sample_rate=RATE, weights=True, **options)  # type: ignore[arg-type]
    events, rows = [], []
    for chunk in chunks:
        events += stream.accept_waveform(chunk)
        rows.append(stream.weights)
    weights = np.concatenate(rows)
    shown = np.zeros(len(weights), np.int64)
    for event in events:
        shown[event.time_ms // 10 :] = engine.visemes.index(event.viseme)
    return weights, shown


def cut(pcm: NDArray[np.int16], places: Sequence[int]) -> list[NDArray[np.int16]]:
    return [pcm[a:b] for a, b in itertools.pairwise(sorted({0, len(pcm), *places}))]


def closures(shapes: str) -> list[int]:
    """Which visemes of a set are those of P and F, in a face that closes its lips."""
    return [SHAPES[shapes].index_of(phone) for phone in ("P", "F")]


def runs(shown: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Visemes and the rows in which each is shown: (viseme, first, end)."""
    edges = [0, *(np.flatnonzero(np.diff(shown)) + 1), len(shown)]
    return [(int(shown[a]), int(a), int(b)) for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize("shapes", SETS)
@given(places=cuts)
@several
def test_the_heaviest_viseme_is_the_one_that_the_events_show(
    shapes: str, speech: NDArray[np.int16], places: list[int]
) -> None:
    weights, shown = said(mv.load("lite", shapes=shapes), cut(speech, places))
    assert len(weights) == 300
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    assert weights.min() >= 0
    for viseme, first, end in runs(shown):
        # The transition: three rows from the event on, and the one before the next event.
        settled = weights[first + 3 : end - 1, viseme]
        assert (settled > 0.5).all()


@pytest.mark.parametrize("shapes", SETS)
@given(places=cuts)
@several
def test_two_rows_of_a_closure_reach_full_weight(
    shapes: str, speech: NDArray[np.int16], places: list[int]
) -> None:
    weights, shown = said(mv.load("lite", shapes=shapes), cut(speech, places))
    found = [(v, a, b) for v, a, b in runs(shown) if v in closures(shapes)]
    assert found
    for viseme, first, end in found:
        assert (weights[first + 1 : end, viseme] == 1).all()


@pytest.mark.parametrize("shapes", SETS)
@given(places=cuts)
@several
def test_rows_change_within_bounds(shapes: str, speech: NDArray[np.int16], places: list[int]) -> None:
    weights, shown = said(mv.load("lite", shapes=shapes), cut(speech, places))
    at_rest = np.eye(1, weights.shape[1], dtype=np.float32)
    moved = np.abs(np.diff(weights, axis=0, prepend=at_rest)).sum(axis=1) / 2
    assert moved.max() <= 0.5 + 1e-6
    # Around lips that close and silence it may be half, elsewhere a quarter.
    sharp = np.isin(shown, [0, *closures(shapes)])
    near = np.convolve(np.pad(sharp, 1, constant_values=True), np.ones(3), "valid") > 0
    assert moved[~near].max(initial=0) <= 0.25 + 1e-6


def test_a_mouth_moves_ahead_of_an_event_within_a_chunk(speech: NDArray[np.int16]) -> None:
    weights, shown = said(mv.load("lite", shapes="oculus"), [speech])
    pure = [0, *closures("oculus")]
    inside = [(w, b) for (v, _, _), (w, b, _) in itertools.pairwise(runs(shown)) if v not in pure]
    assert inside
    assert all(weights[first - 1, viseme] > weights[first - 2, viseme] for viseme, first in inside)
    closed = [(v, a) for v, a in inside if v in closures("oculus")]
    assert closed
    assert all(weights[first, viseme] == 1 for viseme, first in closed)


def test_vowels_blend(speech: NDArray[np.int16]) -> None:
    weights, shown = said(mv.load("lite", shapes="oculus"), [speech])
    pure = [0, *closures("oculus")]
    turns = [b for (v, _, _), (w, b, _) in itertools.pairwise(runs(shown)) if v not in pure and w not in pure]
    assert turns
    for turn in turns:
        assert sorted(weights[turn])[-2] > 0.2


def test_speech_cut_off_by_digital_silence(speech: NDArray[np.int16]) -> None:
    engine = mv.load("lite")
    loud = next(n for n in range(RATE, 3 * RATE, 2400) if said(engine, cut(speech[:n], []))[1][-1])
    weights, shown = said(engine, [speech[:loud], np.zeros(RATE, np.int16)])
    closed = int(np.flatnonzero(shown)[-1]) + 1
    assert closed <= loud // 240 + 4
    # The processed audio ends with the 25 ms window of a frame.
    assert (weights[loud // 240 + 4 :, 0] == 1).all()


def test_closures_shown_late_are_weighed_when_they_are_shown(speech: NDArray[np.int16]) -> None:
    engine = mv.load("lite", shapes="oculus")
    weights, shown = said(engine, cut(speech, range(0, len(speech), 480)))
    _, in_one_call = said(engine, [speech])
    # A shape is late if it begins at the start of a chunk of two frames, but earlier when all audio comes in one call.
    late = [
        (v, a, b)
        for v, a, b in runs(shown)
        if v in closures("oculus") and a % 2 == 0 and (in_one_call[a - 2 : a] == v).any()
    ]
    assert late
    for viseme, first, end in late:
        assert weights[first, viseme] >= 0.5
        assert (weights[first + 1 : end, viseme] == 1).all()


@given(places=cuts, shapes=st.sampled_from([*SETS, "arkit"]))
@several
def test_arrays_and_bytes_cut_alike_weigh_the_same(
    speech: NDArray[np.int16], places: list[int], shapes: str
) -> None:
    engine = mv.load("lite", shapes=shapes)
    expected, _ = said(engine, cut(speech, places))
    stream = engine.create_stream(sample_rate=RATE, weights=True)
    data, rows = speech.tobytes(), []
    for a, b in itertools.pairwise(sorted({0, len(speech), *places})):
        # Half a sample late: it counts when it is whole.
        stream.accept_waveform(data[2 * a + (a > 0) : 2 * b + (b < len(speech))])
        rows.append(stream.weights)
    assert np.array_equal(np.concatenate(rows), expected)


@given(places=cuts)
@several
def test_other_cuts_have_as_many_rows_and_settle_on_the_same_weights(
    speech: NDArray[np.int16], places: list[int]
) -> None:
    engine = mv.load("lite", shapes="oculus")
    (whole, shown), (parts, shown_too) = said(engine, [speech]), said(engine, cut(speech, places))
    assert whole.shape == parts.shape
    # The events may differ where a chunk ends. Where both show the same closure, both give it all.
    for viseme in closures("oculus"):
        both = (shown == viseme) & (shown_too == viseme)
        settled = both[1:] & both[:-1]
        assert (whole[1:][settled] == parts[1:][settled]).all()


@given(
    turns=st.lists(st.lists(st.integers(0, 200), min_size=4, max_size=4), min_size=1, max_size=6),
    weighed=st.lists(st.booleans(), min_size=4, max_size=4),
    alike=st.booleans(),
    shapes=st.sampled_from(["oculus", "arkit"]),
)
@several
def test_streams_run_together_weigh_what_each_weighs_alone(
    speech: NDArray[np.int16], turns: list[list[int]], weighed: list[bool], alike: bool, shapes: str
) -> None:
    engine = mv.load("lite", shapes=shapes)
    alone, together = (
        [engine.create_stream(sample_rate=RATE, weights=weights) for weights in weighed] for _ in range(2)
    )
    inputs = [np.roll(speech, 3000 * number) for number in range(4)]
    for lengths in turns:
        chunks = [audio[: 24 * lengths[0 if alike else i]] for i, audio in enumerate(inputs)]
        inputs = [audio[len(chunk) :] for audio, chunk in zip(inputs, chunks, strict=True)]
        expected = [s.accept_waveform(c) for s, c in zip(alone, chunks, strict=True)]
        assert engine.run_together(together, chunks) == expected
        for one, other, has_some in zip(alone, together, weighed, strict=True):
            if has_some:
                np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)


def test_weights_change_no_event(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    plain, weighed = (engine.create_stream(sample_rate=RATE, weights=weights) for weights in (False, True))
    for chunk in cut(speech, range(0, len(speech), 2400)):
        assert plain.accept_waveform(chunk) == weighed.accept_waveform(chunk)
        assert weighed.weights.shape == (10, 22)
        assert weighed.weights.dtype == np.float32


@pytest.mark.parametrize("rate", [8000, 11025, 24000, 48000])
def test_every_frame_that_begins_in_a_chunk_has_a_row(rate: int, babble: Babble) -> None:
    stream = mv.load("lite").create_stream(sample_rate=rate, weights=True)
    assert stream.weights.shape == (0, 22)
    rows = 0
    for chunk in np.array_split(babble(rate, 1.0), 37):
        stream.accept_waveform(chunk)
        rows += len(stream.weights)
        assert rows == -(-stream.samples * 100 // rate)
    stream.accept_waveform(b"")
    assert stream.weights.shape == (0, 22)


def test_reset_and_the_end(speech: NDArray[np.int16]) -> None:
    stream = mv.load("lite").create_stream(sample_rate=RATE, weights=True)
    stream.accept_waveform(speech[:36000])
    first = stream.weights
    stream.input_finished()
    assert stream.weights.shape == (0, 22)
    stream.reset()
    assert stream.weights.shape == (0, 22)
    stream.accept_waveform(speech[:36000])
    assert np.array_equal(stream.weights, first)


def test_a_refused_chunk_leaves_the_weights(speech: NDArray[np.int16]) -> None:
    engine = mv.load("lite")
    stream = engine.create_stream(sample_rate=RATE, weights=True)
    stream.accept_waveform(speech[:36000])
    before = stream.weights.copy()
    with pytest.raises(mv.SampleFormatError):
        stream.accept_waveform("no audio")  # type: ignore[arg-type]
    with pytest.raises(mv.SampleFormatError):
        engine.run_together([stream], ["no audio"])  # type: ignore[list-item]
    assert np.array_equal(stream.weights, before)


def test_streams_without_weights_say_so() -> None:
    stream = mv.load("lite").create_stream(sample_rate=RATE)
    with pytest.raises(mv.NoWeightsError, match=r"create_stream\(\.\.\., weights=True\)"):
        _ = stream.weights


def test_a_calibration_scales_columns(speech: NDArray[np.int16]) -> None:
    engine = mv.load("lite", shapes="arkit")
    plain, _ = said(engine, [speech])
    scaled, _ = said(engine, [speech], calibration={"jawOpen": 0.5, "mouthStretch": 0, "mouthPucker": 9.0})
    for column, name in enumerate(engine.blendshapes):
        factor = {"jawOpen": 0.5, "mouthStretchLeft": 0, "mouthStretchRight": 0, "mouthPucker": 9}.get(
            name, 1
        )
        np.testing.assert_allclose(scaled[:, column], np.minimum(plain[:, column] * factor, 1), atol=1e-6)
    assert scaled.max() == 1
    whole = engine.weights(speech, sample_rate=RATE, calibration={"jawOpen": 0.5})
    jaw = engine.blendshapes.index("jawOpen")
    np.testing.assert_allclose(whole[:, jaw], scaled[:, jaw], atol=1e-6)
    assert said(engine, [speech], calibration={})[0].tolist() == plain.tolist()


@pytest.mark.parametrize(
    ("shapes", "options", "problem"),
    [
        ("arkit", {"calibration": {"jawOpn": 1}}, "there is no blendshape 'jawOpn'; available: jawOpen,"),
        ("arkit", {"calibration": {"jawOpen": -1}}, "jawOpen: expected a factor of 0 or more, got -1"),
        ("arkit", {"calibration": {"jawOpen": float("nan")}}, "jawOpen: expected a factor"),
        ("arkit", {"calibration": {"jawOpen": "1"}}, "jawOpen: expected a factor"),
        ("arkit", {"calibration": {"jawOpen": 1}, "weights": False}, "with weights=True"),
        ("oculus", {"calibration": {"jawOpen": 1}}, 'load the engine with shapes="arkit"'),
    ],
)
def test_calibrations_that_cannot_be_used(shapes: str, options: dict[str, object], problem: str) -> None:
    with pytest.raises(mv.CalibrationError, match=r"^calibration: ") as caught:
        mv.load("lite", shapes=shapes).create_stream(sample_rate=RATE, **{"weights": True, **options})  # type: ignore[arg-type]
    assert problem in str(caught.value)


@pytest.mark.parametrize("columns", ["sapi", "oculus", "vrm", "arkit"])
@pytest.mark.parametrize("shapes", ["sapi", "oculus", "rhubarb", "arkit"])
@given(places=cuts)
@settings(parent=several, max_examples=5)
def test_weights_of_another_set_are_those_of_its_own_engine(
    shapes: str, columns: mv.Shapes, speech: NDArray[np.int16], places: list[int]
) -> None:
    engine, other = mv.load("lite", shapes=shapes), mv.load("lite", shapes=columns)
    stream, plain = (
        engine.create_stream(sample_rate=RATE, weights=columns),
        engine.create_stream(sample_rate=RATE),
    )
    theirs = other.create_stream(sample_rate=RATE, weights=True)
    assert stream.columns == theirs.columns == (other.blendshapes or other.visemes)
    assert plain.columns == ()
    for chunk in cut(speech, places):
        assert stream.accept_waveform(chunk) == plain.accept_waveform(chunk)
        theirs.accept_waveform(chunk)
        np.testing.assert_array_equal(stream.weights, theirs.weights)
    stream.reset()
    theirs.reset()
    stream.accept_waveform(speech)
    theirs.accept_waveform(speech)
    np.testing.assert_array_equal(stream.weights, theirs.weights)


def test_streams_with_weights_of_several_sets_share_a_call(speech: NDArray[np.int16]) -> None:
    engine = mv.load("lite")
    wanted: list[bool | mv.Shapes] = ["arkit", False, "vrm", True, "arkit", "oculus"]
    streams = [engine.create_stream(sample_rate=RATE, weights=weights) for weights in wanted]
    alone = [engine.create_stream(sample_rate=RATE, weights=weights) for weights in wanted]
    for number, chunk in enumerate(cut(speech, range(2400, len(speech), 2400))):
        # Each stream gets different audio, and the last one gets less.
        chunks = [np.roll(chunk, 100 * number * i) for i in range(5)] + [chunk[:-240]]
        events = engine.run_together(streams, chunks)
        assert events == [one.accept_waveform(its) for one, its in zip(alone, chunks, strict=True)]
        for stream, one in zip(streams, alone, strict=True):
            if stream.columns:
                np.testing.assert_allclose(stream.weights, one.weights, atol=1e-4)


@pytest.mark.parametrize("name", ["azure", "", "Oculus", None, 1])
def test_weights_of_an_unknown_set(name: object) -> None:
    with pytest.raises(mv.UnknownShapesError, match="sapi, oculus, rhubarb, vrm, arkit"):
        mv.load("lite").create_stream(sample_rate=RATE, weights=name)  # type: ignore[arg-type]


def test_weights_of_arkit_beside_other_events_can_be_calibrated(speech: NDArray[np.int16]) -> None:
    engine = mv.load("lite")
    stream = engine.create_stream(sample_rate=RATE, weights="arkit", calibration={"jawOpen": 0.5})
    plain = engine.create_stream(sample_rate=RATE, weights="arkit")
    stream.accept_waveform(speech)
    plain.accept_waveform(speech)
    jaw = stream.columns.index("jawOpen")
    np.testing.assert_array_equal(stream.weights[:, jaw], plain.weights[:, jaw] * np.float32(0.5))
