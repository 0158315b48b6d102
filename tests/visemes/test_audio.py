from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mascot_visemes as mv
from mascot_visemes.audio import SampleReader, checked_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decoded(reader: SampleReader, chunk: Any) -> NDArray[np.float32]:
    raw = reader.read(chunk)
    samples = np.empty(len(raw), np.float32)
    reader.floats(raw, samples)
    return samples


# Byte and value pairs from the tables of ITU-T G.711, in the 16-bit scale in common use.
_MULAW = {
    0x00: -32124,
    0x80: 32124,
    0xFF: 0,
    0x7F: 0,
    0xFE: 8,
    0x7E: -8,
    0xF0: 120,
    0xEF: 132,
    0x0F: -16764,
    0x8F: 16764,
}
_ALAW = {
    0xD5: 8,
    0x55: -8,
    0x2A: -32256,
    0xAA: 32256,
    0xD4: 24,
    0xC5: 264,
    0x45: -264,
    0x80: 5504,
    0x00: -5504,
}


@pytest.mark.parametrize(("encoding", "table"), [("mulaw", _MULAW), ("alaw", _ALAW)])
def test_g711_values(encoding: mv.Encoding, table: dict[int, int]) -> None:
    samples = decoded(SampleReader(encoding), bytes(table))
    assert (samples * 32768).tolist() == list(table.values())


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_g711_arrays_are_bytes(encoding: mv.Encoding) -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert np.array_equal(
        decoded(SampleReader(encoding), codes), decoded(SampleReader(encoding), codes.tobytes())
    )
    assert len(np.unique(decoded(SampleReader(encoding), codes))) >= 255


@given(
    samples=st.lists(st.integers(-32768, 32767), max_size=40), cuts=st.lists(st.integers(0, 80), max_size=6)
)
def test_pcm16_cut_anywhere(samples: list[int], cuts: list[int]) -> None:
    whole = np.array(samples, "<i2")
    data = whole.tobytes()
    reader = SampleReader("pcm16")
    edges = sorted({0, len(data), *(min(c, len(data)) for c in cuts)})
    parts = [decoded(reader, data[a:b]) for a, b in itertools.pairwise(edges)]
    got = np.concatenate([np.zeros(0, np.float32), *parts])
    assert np.array_equal(got, whole / np.float32(32768))


@given(samples=st.lists(st.floats(-1, 1, width=32), max_size=20), cut=st.integers(0, 80))
def test_float32_cut_anywhere(samples: list[float], cut: int) -> None:
    whole = np.array(samples, "<f4")
    data = whole.tobytes()
    reader = SampleReader("float32")
    got = np.concatenate((decoded(reader, data[:cut]), decoded(reader, data[cut:])))
    assert np.array_equal(got, whole)


def test_arrays_of_either_kind_and_any_buffer() -> None:
    pcm = np.array([0, 16384, -32768], np.int16)
    expected = [0.0, 0.5, -1.0]
    for chunk in (pcm, pcm.tobytes(), bytearray(pcm.tobytes()), memoryview(pcm.tobytes()), pcm.astype(">i2")):
        assert decoded(SampleReader("pcm16"), chunk).tolist() == expected
    floats = np.array(expected, np.float32)
    assert decoded(SampleReader("pcm16"), floats).tolist() == expected
    assert decoded(SampleReader("float32"), pcm).tolist() == expected
    assert decoded(SampleReader("pcm16"), pcm[::2]).tolist() == [0.0, -1.0]
    # Loud, but not clipped.
    assert decoded(SampleReader("float32"), floats * 3).tolist() == [0.0, 1.5, -3.0]


def test_an_array_cannot_go_on_with_half_a_sample() -> None:
    reader = SampleReader("pcm16")
    reader.read(b"\x01")
    with pytest.raises(mv.SampleFormatError, match="the last chunk ended with an incomplete sample"):
        reader.read(np.zeros(3, np.int16))
    assert decoded(reader, b"\x40").tolist() == [0x4001 / 32768]
    reader.read(b"\x01")
    reader.reset()
    assert len(reader.read(np.zeros(3, np.int16))) == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(bad: float) -> None:
    samples = np.array([0.0, 0.5, bad], np.float32)
    for encoding in ("pcm16", "float32"):
        with pytest.raises(mv.NotFiniteError, match=r"sample 2 .*nan_to_num"):
            decoded(SampleReader(encoding), samples)
    reader = SampleReader("float32")
    reader.read(samples.tobytes()[:3])
    with pytest.raises(mv.NotFiniteError):
        reader.read(samples.tobytes()[3:])
    assert len(reader.read(samples.tobytes()[3:8])) == 2


@pytest.mark.parametrize(
    "rate", [0, 7999, 48001, -16000, 16000.5, float("nan"), float("inf"), "16000", None, True]
)
def test_rates_refused(rate: object) -> None:
    with pytest.raises(mv.SampleRateError, match="sample_rate: expected a whole number from 8000 to 48000"):
        checked_rate(rate)


def test_rates_taken() -> None:
    rates = [checked_rate(rate) for rate in (8000, 11025, np.int64(48000), 16000.0, np.float32(24000))]
    assert rates == [8000, 11025, 48000, 16000, 24000]
    assert {type(rate) for rate in rates} == {int}


@pytest.mark.parametrize("encoding", ["mp3", "", None, ["pcm16"]])
def test_encodings_refused(encoding: mv.Encoding) -> None:
    with pytest.raises(
        mv.UnknownEncodingError, match="encoding: expected one of pcm16, mulaw, alaw, float32"
    ):
        SampleReader(encoding)
