"""Streams run together say what each says alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import mascot_visemes as mv

Babble = Callable[[int, float], NDArray[np.int16]]

RATES = [8000, 11025, 16000, 24000, 44100]


@given(
    kinds=st.lists(
        st.tuples(st.sampled_from(RATES), st.sampled_from(["pcm16", "float32"])), min_size=1, max_size=6
    ),
    turns=st.lists(st.lists(st.integers(0, 200), min_size=6, max_size=6), min_size=1, max_size=6),
    alike=st.booleans(),
)
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_rates_and_chunks(
    engine: mv.Engine,
    babble: Babble,
    kinds: list[tuple[int, mv.Encoding]],
    turns: list[list[int]],
    alike: bool,
) -> None:
    alone, together = (
        [engine.create_stream(sample_rate=rate, encoding=encoding) for rate, encoding in kinds]
        for _ in range(2)
    )
    speech = []
    for number, (rate, encoding) in enumerate(kinds):
        pcm = np.roll(babble(rate, 2.0), -number * rate // 7)
        floats = np.divide(pcm, 32768, dtype=np.float32)
        speech.append(pcm.tobytes() if encoding == "pcm16" else floats.tobytes())
    for lengths in turns:
        chunks = []
        for i, (rate, encoding) in enumerate(kinds):
            # A length in ms, and a few bytes over, so that samples are split.
            length = lengths[0 if alike else i]
            size = length * rate // 1000 * (2 if encoding == "pcm16" else 4) + (0 if alike else length % 5)
            chunks.append(speech[i][:size])
            speech[i] = speech[i][size:]
        expected = [s.accept_waveform(c) for s, c in zip(alone, chunks, strict=True)]
        assert engine.run_together(together, chunks) == expected
    for stream, other in zip(alone, together, strict=True):
        assert (stream.viseme, stream.samples, stream.time_ms) == (other.viseme, other.samples, other.time_ms)
        assert stream.input_finished() == other.input_finished()


def test_streams_of_models_that_share_a_network(speech: NDArray[np.int16]) -> None:
    engines: list[mv.Engine[Any]] = [mv.load(), mv.load("indonesian"), mv.load(shapes="oculus"), mv.load()]
    alone, together = ([engine.create_stream(sample_rate=16000) for engine in engines] for _ in range(2))
    for start in range(0, len(speech), 1600):
        chunk = speech[start : start + 1600]
        expected = [stream.accept_waveform(chunk) for stream in alone]
        assert mv.load().run_together(together, [chunk] * len(together)) == expected


def test_many_in_phase(engine: mv.Engine, babble: Babble) -> None:
    pcm = babble(24000, 2.0)
    inputs = [np.roll(pcm, 1000 * i) for i in range(40)]
    alone, together = ([engine.create_stream(sample_rate=24000) for _ in inputs] for _ in range(2))
    for start in range(0, len(pcm), 2400):
        chunks = [audio[start : start + 2400] for audio in inputs]
        expected = [s.accept_waveform(c) for s, c in zip(alone, chunks, strict=True)]
        assert engine.run_together(together, chunks) == expected


def test_a_stream_in_flight_and_a_new_one(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    first, second = (engine.create_stream(sample_rate=16000) for _ in range(2))
    first.accept_waveform(speech[:16000])
    answers = engine.run_together([first, second], [speech[16000:], speech[:16000]])
    assert answers[0]
    assert answers[1]
    other = engine.create_stream(sample_rate=16000)
    assert [other.accept_waveform(speech[:16000]), other.accept_waveform(speech[16000:])] == answers[::-1]


def test_long_chunks_beside_short_ones(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    long = np.tile(speech, 17)
    streams = [engine.create_stream(sample_rate=16000) for _ in range(2)]
    answers = engine.run_together(streams, [speech[:1600], long])
    assert answers[1] == engine.create_stream(sample_rate=16000).accept_waveform(long)
    assert [s.samples for s in streams] == [1600, len(long)]


def test_no_streams(engine: mv.Engine) -> None:
    assert engine.run_together([], []) == []


def test_a_refused_chunk_leaves_every_stream_as_it_was(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    data = speech.tobytes()
    streams = [engine.create_stream(sample_rate=16000) for _ in range(2)]
    other = engine.create_stream(sample_rate=16000)
    with pytest.raises(mv.SampleFormatError):
        engine.run_together(streams, [data[:3201], "no audio"])  # type: ignore[list-item]
    expected = other.accept_waveform(data[:3201])
    assert engine.run_together(streams, [data[:3201], data[:3201]]) == [expected, expected]
    streams[1].input_finished()
    with pytest.raises(mv.StreamFinishedError):
        engine.run_together(streams, [data[3201:], data[3201:]])
    assert engine.run_together(streams[:1], [data[3201:]]) == [other.accept_waveform(data[3201:])]


def test_streams_and_chunks_must_fit(engine: mv.Engine) -> None:
    one, two = (engine.create_stream(sample_rate=16000) for _ in range(2))
    with pytest.raises(mv.StreamsError, match=r"chunks: expected one for each of 2 streams, got 1"):
        engine.run_together([one, two], [b""])
    with pytest.raises(mv.StreamsError, match=r"streams: one is given twice"):
        engine.run_together([one, one], [b"", b""])
    foreign = mv.load("lite").create_stream(sample_rate=16000)
    with pytest.raises(mv.StreamsError, match=r"streams: one is of another network"):
        engine.run_together([one, foreign], [b"", b""])


def _resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system does not tell what is in memory"
)
def test_a_stream_that_rests_keeps_nothing_of_its_company(engine: mv.Engine, babble: Babble) -> None:
    chunk = babble(16000, 0.5)[-1600:].tobytes()
    resting, size = [], 32

    def meet() -> None:
        streams = [engine.create_stream(sample_rate=16000) for _ in range(size)]
        engine.run_together(streams, [chunk] * size)
        resting.append(streams[0])

    meet()
    before = _resident()
    for _ in range(size):
        meet()
    # The state alone of all that have met would be five times as much.
    assert _resident() - before < 40e6
