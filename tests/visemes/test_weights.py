from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETS = ["sapi", "oculus", "rhubarb", "vrm"]
Babble = Callable[[int, float], "NDArray[np.int16]"]


@pytest.mark.parametrize("shapes", SETS)
def test_a_row_a_frame_and_a_column_a_viseme(shapes: str, speech: NDArray[np.int16]) -> None:
    engine = mv.load(shapes=shapes)
    weights = engine.weights(speech, sample_rate=16000)
    assert weights.dtype == np.float32
    assert weights.shape == (200, len(engine.visemes))
    assert engine.blendshapes == ()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    assert weights.min() >= 0


@pytest.mark.parametrize("rate", [8000, 11025, 24000, 48000])
@pytest.mark.parametrize("samples", [0, 1, 79, 1000, 12345])
def test_every_frame_begun_has_a_row(rate: int, samples: int, babble: Babble) -> None:
    engine = mv.load()
    pcm = babble(rate, 2.0)[:samples]
    weights = engine.weights(pcm, sample_rate=rate)
    assert weights.shape == (-(-len(pcm) * 100 // rate), 22)
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("shapes", [*SETS, "arkit"])
def test_they_are_those_of_a_stream_that_gets_all_at_once(shapes: str, speech: NDArray[np.int16]) -> None:
    engine = mv.load(shapes=shapes)
    stream = engine.create_stream(sample_rate=16000, weights=True)
    stream.accept_waveform(speech)
    assert np.array_equal(engine.weights(speech, sample_rate=16000), stream.weights)


def test_silence_is_silence_alone() -> None:
    weights = mv.load().weights(bytes(32000), sample_rate=16000)
    assert (weights[:, 0] == 1).all()
    assert (weights[:, 1:] == 0).all()


def test_arkit_coefficients_mix_the_poses(speech: NDArray[np.int16]) -> None:
    oculus, arkit = mv.load(shapes="oculus"), mv.load(shapes="arkit")
    shares = oculus.weights(speech, sample_rate=16000)
    coefficients = arkit.weights(speech, sample_rate=16000)
    poses = np.array([list(pose.values()) for pose in mv.ARKIT_POSES.values()], np.float32)
    assert coefficients.shape == (200, len(arkit.blendshapes))
    np.testing.assert_allclose(coefficients, shares @ poses, atol=1e-5)
    assert 0 <= coefficients.min() <= coefficients.max() <= 1
    assert arkit.predict(speech, sample_rate=16000) == oculus.predict(speech, sample_rate=16000)
    assert not arkit.weights(bytes(3200), sample_rate=16000).any()


def test_bytes_and_arrays_weigh_the_same(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    weights = engine.weights(speech, sample_rate=16000)
    assert np.array_equal(weights, engine.weights(speech.tobytes(), sample_rate=16000))
    floats = np.divide(speech, 32768, dtype=np.float32)
    assert np.array_equal(weights, engine.weights(floats, sample_rate=16000))


def test_long_audio_has_no_seams(engine: mv.Engine, speech: NDArray[np.int16]) -> None:
    weights = engine.weights(np.tile(speech, 33), sample_rate=16000)
    assert len(weights) == 6600
    # Blocks end at 30 and 60 s. The repetition around the seam gets the weights of one that lies within a block. These
    # are not all alike, because rounding to 8 bits moves a change by a frame.
    inside = [weights[start : start + 200] for start in range(1100, 2700, 200)]
    assert any(np.allclose(weights[2900:3100], one, atol=0.02) for one in inside)


def test_bad_audio(engine: mv.Engine) -> None:
    with pytest.raises(mv.SampleRateError):
        engine.weights(b"", sample_rate=96000)
    with pytest.raises(mv.SampleFormatError):
        engine.weights(np.zeros((2, 2), np.int16), sample_rate=16000)
