"""Audio in arrays of all kinds: it gives the reference's events, or an error whose advice gives them."""

from __future__ import annotations

import array
import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mascot_visemes as mv

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16000
Make = Callable[["NDArray[np.int16]"], Any]


def view(samples: Any) -> memoryview:
    """A memoryview of an array: to a type checker an array has no buffer before Python 3.12."""
    return memoryview(samples)


def events(chunk: Any, encoding: mv.Encoding = "pcm16") -> list[mv.VisemeEvent[int]]:
    stream = mv.load("lite").create_stream(sample_rate=RATE, encoding=encoding)
    return stream.accept_waveform(chunk) + stream.input_finished()


def coarse(speech: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same with eight bits, so that eight bits can hold it."""
    return (speech >> 8) << 8


@pytest.mark.parametrize(
    "make",
    [
        lambda pcm: pcm,
        lambda pcm: pcm.astype(">i2"),
        lambda pcm: (pcm / 2**15).astype(np.float32),
        lambda pcm: pcm / 2**15,
        lambda pcm: (pcm / 2**15).astype(np.longdouble),
        lambda pcm: pcm.reshape(-1, 1),
        lambda pcm: pcm.reshape(1, -1),
        lambda pcm: (pcm / 2**15).reshape(-1, 1),
        lambda pcm: pcm.tobytes(),
        lambda pcm: bytearray(pcm.tobytes()),
        lambda pcm: memoryview(pcm.tobytes()),
        view,
        lambda pcm: memoryview(pcm.tobytes()).cast("h"),
        lambda pcm: view(np.repeat(pcm, 2))[::2],
        lambda pcm: view(np.repeat(np.frombuffer(pcm.tobytes(), np.uint8), 2))[::2],
        lambda pcm: view(pcm / 2**15),
        lambda pcm: array.array("h", pcm.tolist()),
        lambda pcm: array.array("B", pcm.tobytes()),
        lambda pcm: array.array("f", (pcm / 2**15).tolist()),
        lambda pcm: array.array("d", (pcm / 2**15).tolist()),
        lambda pcm: (ctypes.c_short * len(pcm))(*pcm.tolist()),
    ],
)
def test_what_is_taken_gives_the_events_of_the_reference(make: Make, speech: NDArray[np.int16]) -> None:
    reference = events(speech)
    assert len(reference) > 5
    assert events(make(speech)) == reference


def followed(chunk: Any, expression: str) -> Any:
    """A chunk after the advice of an error."""
    return eval(expression, {"numpy": np, "chunk": chunk})  # noqa: S307 - what our own error says


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda pcm: np.stack((pcm, pcm), axis=1), "chunk.mean(axis=1).astype(numpy.int16)"),
        (lambda pcm: np.stack((pcm, pcm)), "chunk.mean(axis=0).astype(numpy.int16)"),
        (lambda pcm: np.stack((pcm, pcm)).astype(">i2"), "chunk.mean(axis=0).astype(numpy.int16)"),
        (lambda pcm: np.stack((pcm, pcm)) / 2**15, "chunk.mean(axis=0).astype(numpy.float64)"),
        (
            lambda pcm: view(np.stack((pcm, pcm))),
            "numpy.asarray(chunk).mean(axis=0).astype(numpy.int16)",
        ),
        (lambda pcm: pcm.astype(np.int32), "chunk / 2**15"),
        (lambda pcm: pcm.astype(np.int64), "chunk / 2**15"),
        (lambda pcm: pcm.astype(np.int32) << 8, "chunk / 2**23"),
        (lambda pcm: pcm.astype(np.int32) << 16, "chunk / 2**31"),
        (lambda pcm: array.array("i", (pcm.astype(np.int32) << 16).tolist()), "numpy.asarray(chunk) / 2**31"),
        (lambda pcm: view(pcm.astype(np.int32)), "numpy.asarray(chunk) / 2**15"),
        (lambda pcm: pcm.astype(np.float32), "chunk / 2**15"),
        (lambda pcm: pcm.astype(np.float64), "chunk / 2**15"),
        (lambda pcm: pcm.astype(np.float64) * 2**16, "chunk / 2**31"),
        (lambda pcm: pcm.view(np.uint16), "chunk.view(numpy.int16)"),
        (
            lambda pcm: array.array("H", pcm.view(np.uint16).tolist()),
            "numpy.asarray(chunk).view(numpy.int16)",
        ),
        (lambda pcm: np.frombuffer(pcm.tobytes(), np.uint8), "chunk.tobytes()"),
        (lambda pcm: (pcm / 2**15).tolist(), "numpy.asarray(chunk)"),
    ],
)
def test_advice_gives_the_events_of_the_reference(make: Make, advice: str, speech: NDArray[np.int16]) -> None:
    chunk = make(speech)
    with pytest.raises(mv.AudioError) as caught:
        events(chunk)
    assert advice in str(caught.value)
    assert events(followed(chunk, advice)) == events(speech)


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda pcm: (pcm >> 8).astype(np.int8), "chunk / 2**7"),
        (lambda pcm: array.array("b", (pcm >> 8).astype(np.int8).tolist()), "numpy.asarray(chunk) / 2**7"),
        (lambda pcm: ((pcm >> 8) + 128).astype(np.uint8), "chunk / 2**7 - 1"),
    ],
)
def test_advice_for_samples_of_eight_bits(make: Make, advice: str, speech: NDArray[np.int16]) -> None:
    chunk = make(speech)
    with pytest.raises(mv.SampleFormatError) as caught:
        events(chunk)
    assert advice in str(caught.value)
    assert events(followed(chunk, advice)) == events(coarse(speech))


def test_advice_that_leads_to_more_advice(speech: NDArray[np.int16]) -> None:
    chunk = np.stack((speech, speech), axis=1).astype(np.int32).tolist()
    for advice in ("numpy.asarray(chunk)", "chunk.mean(axis=1).astype(numpy.int64)", "chunk / 2**15"):
        with pytest.raises(mv.SampleFormatError) as caught:
            events(chunk)
        assert advice in str(caught.value)
        chunk = followed(chunk, advice)
    assert events(chunk) == events(speech)


def test_advice_for_samples_that_are_not_finite(speech: NDArray[np.int16]) -> None:
    chunk = speech / 2**15
    silent = int(np.flatnonzero(speech == 0)[0])
    chunk[silent] = np.nan
    with pytest.raises(mv.NotFiniteError) as caught:
        events(chunk)
    advice = "numpy.nan_to_num(chunk, posinf=1, neginf=-1)"
    assert advice in str(caught.value)
    assert events(followed(chunk, advice)) == events(speech)


def test_advice_for_g711(speech: NDArray[np.int16]) -> None:
    codes = np.random.default_rng(0).integers(0, 256, 8000).astype(np.uint8)
    reference = events(codes, "mulaw")
    for chunk, advice in [
        (np.stack((codes, codes), axis=1), "chunk[:, 0]"),
        (np.stack((codes, codes)), "chunk[0]"),
    ]:
        with pytest.raises(mv.SampleFormatError) as caught:
            events(chunk, "mulaw")
        assert advice in str(caught.value)
        assert events(followed(chunk, advice), "mulaw") == reference
    with pytest.raises(mv.SampleFormatError, match='create the stream with encoding="pcm16"'):
        events(speech, "alaw")


@pytest.mark.parametrize("gain", [1.5, 4.0])
def test_loud_floats_are_not_clipped(gain: float, speech: NDArray[np.int16]) -> None:
    full = speech / np.abs(speech).max()
    engine = mv.load()
    quiet, loud = (engine.predict(full * by, sample_rate=RATE) for by in (1.0, gain))
    assert len(loud) == pytest.approx(len(quiet), abs=3)


def test_floats_far_beyond_name_the_first_one(speech: NDArray[np.int16]) -> None:
    chunk = speech.astype(np.float32)
    with pytest.raises(mv.SampleRangeError, match=r"audio: sample \d+ of the chunk is -?\d") as caught:
        events(chunk.tobytes(), "float32")
    assert abs(chunk[caught.value.index]) > 10
    assert caught.value.value == chunk[caught.value.index]


@pytest.mark.parametrize(
    "chunk",
    [
        np.zeros((2, 2, 2), np.int16),
        np.zeros(4, np.uint32),
        np.zeros(4, np.complex64),
        np.zeros(4, np.bool_),
        np.array(["a"]),
        np.array(None),
        memoryview(bytes(4)).cast("?"),
        memoryview(bytes(8)).cast("P"),
        "text",
        None,
        5,
        object(),
    ],
    ids=lambda chunk: f"{type(chunk).__name__}-{getattr(chunk, 'dtype', '')}",
)
def test_other_chunks_are_refused(chunk: object) -> None:
    with pytest.raises(
        mv.SampleFormatError, match="audio: expected bytes or an int16 or float array of shape"
    ):
        events(chunk)
