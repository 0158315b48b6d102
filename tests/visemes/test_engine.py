from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv

if TYPE_CHECKING:
    from numpy.typing import NDArray


def streamed(engine: mv.Engine, pcm: NDArray[np.int16]) -> list[mv.VisemeEvent]:
    stream = engine.create_stream(sample_rate=16000)
    events = [e for i in range(0, len(pcm), 320) for e in stream.accept_waveform(pcm[i : i + 320])]
    return events + stream.input_finished()


def test_predict_is_one_chunk_of_a_stream(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    stream = engine.create_stream(sample_rate=16000)
    expected = stream.accept_waveform(speech) + stream.input_finished()
    assert engine.predict(speech, sample_rate=16000) == expected
    assert engine.predict(speech.tobytes(), sample_rate=16000) == expected
    assert engine.predict(np.divide(speech, 32768, dtype=np.float32), sample_rate=16000) == expected
    assert expected[-1].viseme == 0


def test_long_audio_is_worked_off_in_blocks(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    long = np.tile(speech, 33)
    events = engine.predict(long, sample_rate=16000)
    per_second = len(events) / 66
    assert per_second == pytest.approx(len(engine.predict(speech, sample_rate=16000)) / 2, rel=0.3)
    assert events[-1].time_ms > 65_000
    times = [e.time_ms for e in events]
    assert times == sorted(set(times))


def test_no_audio_no_events(engine: mv.Engine) -> None:
    assert engine.predict(b"", sample_rate=16000) == []


def test_threads_share_an_engine(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    inputs = [np.roll(speech, 3000 * i) for i in range(4)]
    alone = [streamed(engine, pcm) for pcm in inputs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda pcm: streamed(engine, pcm), inputs * 2)) == alone * 2


def test_oculus_names(speech: NDArray[np.int16]) -> None:
    engine = mv.load(shapes="oculus")
    events = engine.predict(speech, sample_rate=16000)
    assert events
    assert {e.viseme for e in events} <= set(engine.visemes)
    assert engine.create_stream(sample_rate=16000).viseme == "sil"


def test_bad_arguments(engine: mv.Engine) -> None:
    with pytest.raises(mv.SampleRateError):
        engine.create_stream(sample_rate=4000)
    with pytest.raises(mv.SampleRateError):
        engine.predict(b"", sample_rate=96000)
    with pytest.raises(mv.UnknownEncodingError):
        engine.create_stream(sample_rate=8000, encoding="opus")  # type: ignore[arg-type]


def test_repr(engine: mv.Engine) -> None:
    assert repr(engine) == "<Engine model='default' shapes='sapi'>"
