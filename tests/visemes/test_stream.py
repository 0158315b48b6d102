from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import mascot_visemes as mv

RATES = [8000, 11025, 12345, 16000, 22050, 24000, 32000, 44100, 48000]
Babble = Callable[[int, float], NDArray[np.int16]]

several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def as_floats(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    return np.divide(pcm, 32768, dtype=np.float32)


def fed(stream: mv.Stream, data: bytes, edges: list[int]) -> list[list[mv.VisemeEvent]]:
    return [stream.accept_waveform(data[a:b]) for a, b in itertools.pairwise(edges)]


@given(cuts=st.lists(st.integers(0, 32000), max_size=10))
@several
def test_bytes_and_arrays_cut_alike_say_the_same(
    engine: mv.Engine, speech: NDArray[np.int16], cuts: list[int]
) -> None:
    edges = sorted({0, len(speech), *cuts})
    stream = engine.create_stream(sample_rate=16000)
    by_bytes = fed(stream, speech.tobytes(), [2 * e for e in edges])
    arrays: list[NDArray[np.int16] | NDArray[np.float32]] = [speech, as_floats(speech)]
    for array in arrays:
        again = engine.create_stream(sample_rate=16000)
        pairs = itertools.pairwise(edges)
        assert [again.accept_waveform(array[a:b]) for a, b in pairs] == by_bytes


@given(cuts=st.lists(st.integers(0, 64000), max_size=10))
@several
def test_odd_bytes_are_carried(engine: mv.Engine, speech: NDArray[np.int16], cuts: list[int]) -> None:
    edges = sorted({0, 2 * len(speech), *cuts})
    odd = fed(engine.create_stream(sample_rate=16000), speech.tobytes(), edges)
    even = fed(engine.create_stream(sample_rate=16000), speech.tobytes(), [e // 2 * 2 for e in edges])
    assert odd == even


@given(rate=st.sampled_from(RATES), cuts=st.lists(st.floats(0, 1), max_size=12))
@several
def test_events_lie_in_their_chunk_sorted_and_differ(
    engine: mv.Engine, babble: Babble, rate: int, cuts: list[float]
) -> None:
    pcm = babble(rate, 1.0)
    stream = engine.create_stream(sample_rate=rate)
    edges = sorted({0, len(pcm), *(int(c * len(pcm)) for c in cuts)})
    last = -1
    for a, b in itertools.pairwise(edges):
        before = stream.viseme
        events = stream.accept_waveform(pcm[a:b])
        assert stream.samples == b
        assert stream.time_ms == b * 1000 // rate
        for event in events:
            assert type(event.time_ms) is int
            assert a * 1000 // rate <= event.time_ms
            assert event.time_ms * rate < b * 1000
            assert event.time_ms > last
            assert event.viseme != before
            assert event.viseme in range(22)
            before, last = event.viseme, event.time_ms
        assert stream.viseme == before


@pytest.mark.parametrize("rate", RATES)
def test_speech_moves_the_mouth_at_every_rate(engine: mv.Engine, babble: Babble, rate: int) -> None:
    pcm = babble(rate, 2.0)
    events = engine.predict(pcm, sample_rate=rate)
    assert 6 <= len(events) <= 45
    assert events[0].time_ms >= 150
    assert events[-1] == mv.VisemeEvent(len(pcm) * 1000 // rate, 0) or events[-1].viseme == 0


@pytest.mark.parametrize("milliseconds", [1, 10, 20, 40, 1000])
def test_chunks_of_any_length_are_sane(
    engine: mv.Engine, speech: NDArray[np.int16], milliseconds: int
) -> None:
    stream = engine.create_stream(sample_rate=16000)
    size = 16 * milliseconds
    events = [e for i in range(0, len(speech), size) for e in stream.accept_waveform(speech[i : i + size])]
    assert 6 <= len(events) <= 60


@pytest.mark.parametrize("encoding", ["pcm16", "mulaw", "alaw", "float32"])
def test_silence_says_nothing(engine: mv.Engine, encoding: mv.Encoding) -> None:
    silence = {"pcm16": b"\0\0", "mulaw": b"\xff", "alaw": b"\xd5", "float32": bytes(4)}[encoding]
    stream = engine.create_stream(sample_rate=8000, encoding=encoding)
    for _ in range(20):
        assert stream.accept_waveform(silence * 800) == []
    assert stream.input_finished() == []
    assert stream.viseme == 0


def test_near_silence_says_nothing(engine: mv.Engine) -> None:
    noise = np.random.default_rng(0).integers(-2, 3, 48000).astype(np.int16)
    assert engine.predict(noise, sample_rate=16000) == []


def test_the_mouth_closes_when_speech_gives_way_to_silence(
    engine: mv.Engine, speech: NDArray[np.int16]
) -> None:
    stream = engine.create_stream(sample_rate=16000)
    open_until = next(
        e for e in range(16000, 32000, 1600) if fed(stream, speech.tobytes(), [0, 2 * e]) and stream.viseme
    )
    stream.reset()
    stream.accept_waveform(speech[:open_until])
    assert stream.viseme != 0
    events = stream.accept_waveform(bytes(3200))
    assert events[-1].viseme == 0
    assert events[-1].time_ms <= open_until // 16 + 40
    assert stream.accept_waveform(bytes(32000)) == []


def test_input_finished_closes_the_mouth_and_ends_the_stream(
    engine: mv.Engine, speech: NDArray[np.int16]
) -> None:
    stream = engine.create_stream(sample_rate=16000)
    stream.accept_waveform(speech)
    stream.reset()
    cut = next(
        n
        for n in range(20000, 32000, 333)
        if engine.create_stream(sample_rate=16000).accept_waveform(speech[:n])[-1].viseme
    )
    stream.accept_waveform(speech[:cut])
    assert stream.viseme != 0
    assert stream.input_finished() == [mv.VisemeEvent(cut // 16, 0)]
    assert stream.viseme == 0
    assert stream.input_finished() == []
    with pytest.raises(mv.StreamFinishedError, match=r"call reset\(\) before accept_waveform\(\)"):
        stream.accept_waveform(speech)
    stream.reset()
    assert stream.accept_waveform(speech)


@given(rate=st.sampled_from(RATES), samples=st.integers(1, 20000), chunk=st.integers(1, 5000))
@several
def test_times_never_repeat_to_the_very_end(
    engine: mv.Engine, babble: Babble, rate: int, samples: int, chunk: int
) -> None:
    pcm = babble(rate, 1.0)[rate // 5 :][:samples]
    stream = engine.create_stream(sample_rate=rate)
    events = [e for i in range(0, len(pcm), chunk) for e in stream.accept_waveform(pcm[i : i + chunk])]
    events += stream.input_finished()
    times = [e.time_ms for e in events]
    assert times == sorted(set(times))
    assert stream.viseme == 0


def test_reset_makes_a_stream_as_new(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    stream = engine.create_stream(sample_rate=16000)
    first = stream.accept_waveform(speech)
    stream.accept_waveform(speech.tobytes()[:501])
    stream.reset()
    assert (stream.samples, stream.time_ms, stream.viseme) == (0, 0, 0)
    assert stream.accept_waveform(speech) == first


def test_a_refused_chunk_leaves_the_stream_as_it_was(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    stream, other = (engine.create_stream(sample_rate=16000) for _ in range(2))
    bad = np.full(1600, np.nan, np.float32)
    expected, got = [], []
    for i in range(0, len(speech), 1600):
        with pytest.raises(mv.NotFiniteError):
            stream.accept_waveform(bad)
        with pytest.raises(mv.SampleFormatError):
            stream.accept_waveform(bad.reshape(-1, 2))
        got += stream.accept_waveform(speech[i : i + 1600])
        expected += other.accept_waveform(speech[i : i + 1600])
    assert got == expected


def test_g711_arrays_and_bytes_say_the_same(engine: mv.Engine) -> None:
    codes = np.random.default_rng(2).integers(0, 256, 8000).astype(np.uint8)
    for encoding in ("mulaw", "alaw"):
        stream = engine.create_stream(sample_rate=8000, encoding=encoding)
        events = stream.accept_waveform(codes.tobytes())
        again = engine.create_stream(sample_rate=8000, encoding=encoding)
        assert again.accept_waveform(codes) == events


def test_events_are_values() -> None:
    event = mv.VisemeEvent(120, 21)
    assert event == mv.VisemeEvent(time_ms=120, viseme=21)
    assert hash(event) == hash(mv.VisemeEvent(120, 21))
    with pytest.raises(AttributeError):
        event.time_ms = 0  # type: ignore[misc]
    assert not hasattr(event, "__dict__")
