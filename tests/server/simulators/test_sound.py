"""Rates and encodings, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.simulators.core.sound import Encoding, decode, encode, resample
from mascot_server.simulators.core.voice import answer, chunks

RATES = (8000, 16000, 22050, 24000, 44100, 48000)


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_pcm16_comes_back_as_it_was(values: list[int]) -> None:
    samples = np.array(values, np.int16)
    assert np.array_equal(decode(encode(samples, "pcm16"), "pcm16"), samples)


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_companding_keeps_every_sample_within_its_step(encoding: Encoding) -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    back = decode(encode(samples, encoding), encoding).astype(np.int64)
    # Half a step: a segment has 16 of them and lies at 32 or fewer of them from zero.
    allowed = np.maximum(np.abs(samples.astype(np.int64)) // 20, 8)
    allowed[np.abs(samples.astype(np.int64)) > 32000] = 700
    assert (np.abs(back - samples) <= allowed).all()


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_every_code_names_its_own_level(encoding: Encoding) -> None:
    codes = bytes(range(256))
    levels = decode(codes, encoding)
    assert np.array_equal(decode(encode(levels, encoding), encoding), levels)


def test_known_codes_of_g711() -> None:
    assert decode(b"\xff\x80\x00", "mulaw").tolist() == [0, 32124, -32124]
    assert decode(b"\xd5\x55\xaa\x2a", "alaw").tolist() == [8, -8, 32256, -32256]


def test_an_odd_byte_of_pcm16_is_refused() -> None:
    with pytest.raises(ValueError, match="even number of bytes"):
        decode(b"\0\0\0", "pcm16")


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_length_and_pitch(rate: int) -> None:
    seconds, pitch = 0.5, 440
    tone = np.rint(8000 * np.sin(2 * np.pi * pitch * np.arange(int(24000 * seconds)) / 24000)).astype(
        np.int16
    )
    converted = resample(tone, 24000, rate)
    assert len(converted) == rate * seconds
    expected = 8000 * np.sin(2 * np.pi * pitch * np.arange(len(converted)) / rate)
    assert np.abs(converted - expected).max() < 40


@pytest.mark.parametrize("rate", RATES)
def test_chunks_join_up_to_the_reply(rate: int) -> None:
    reply = answer(0)
    cut = chunks(reply, rate, "pcm16")
    assert sum(chunk.duration_ms for chunk in cut) == reply.duration_ms
    assert sum(len(chunk.data) for chunk in cut) == reply.duration_ms * rate // 1000 * 2
    assert all(100 <= chunk.duration_ms <= 260 for chunk in cut)
    assert len({chunk.duration_ms for chunk in cut}) > 3
    assert [word for chunk in cut for word in chunk.words] == reply.text.split()
    if rate == reply.sample_rate:
        assert b"".join(chunk.data for chunk in cut) == reply.samples.astype("<i2").tobytes()
