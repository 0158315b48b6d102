"""WAV files: samples or an error that says why, never more audio than there are bytes."""

from __future__ import annotations

import io
import struct

from hypothesis import given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import damaged

from mascot_visemes.errors import AudioFileError
from mascot_visemes.reading import open_audio

sizes = st.sampled_from([0, 1, 16, 40, 0x7FFFFFFF, 0xFFFFFFFF]) | st.integers(0, 300)


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    """One chunk: a format, audio or another, with a size that may be wrong."""
    name = draw(st.sampled_from([b"fmt ", b"fmt ", b"data", b"LIST", b"\0\0\0\0"]))
    body = draw(st.binary(max_size=64))
    if name == b"fmt ":
        coding = draw(st.sampled_from([1, 1, 3, 6, 7, 0xFFFE, 2]))
        channels = draw(st.sampled_from([1, 2, 0, 65535]))
        rate = draw(st.sampled_from([16000, 24000, 8000, 0, 0xFFFFFFFF]))
        bits = draw(st.sampled_from([8, 16, 24, 32, 64, 0, 7]))
        body = struct.pack("<HHIIHH", coding, channels, rate, rate * 2 % 2**32, 2, bits) + draw(
            st.binary(max_size=24)
        )
    size = draw(st.one_of(st.just(len(body)), st.just(len(body)), sizes))
    return name + struct.pack("<I", size) + body + bytes(draw(st.integers(0, 1)))


files = st.builds(
    lambda start, riff, body: start + struct.pack("<I", riff) + b"WAVE" + b"".join(body),
    st.sampled_from([b"RIFF", b"RIFF", b"RIFF", b"RF64"]),
    sizes,
    st.lists(chunks(), max_size=5),
)


@fuzzed
@given(damaged(files))
def test_wav(data: bytes) -> None:
    if not data.startswith(b"RIFF"):
        data = b"RIFF" + data[4:]  # other formats are soundfile's to read
    count = 0
    try:
        with open_audio(io.BytesIO(data)) as recording:
            for block in recording.blocks:
                assert block.ndim == 1
                count += len(block)
    except AudioFileError:
        return
    assert 0 < count <= len(data)
