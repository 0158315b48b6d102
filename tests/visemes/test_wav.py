"""WAV headers and samples, against files that others wrote and headers made by hand."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mascot_visemes as mv
from mascot_visemes.reading import open_audio
from mascot_visemes.wav import UnknownCodingError, read_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data + bytes(len(data) % 2)


def described(coding: int, bits: int, *, channels: int = 1, rate: int = 16000, extra: bytes = b"") -> bytes:
    step = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", coding, channels, rate, rate * step, step, bits) + extra)


def riff(*chunks: bytes, size: int = 1) -> bytes:
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + b"".join(chunks)


def samples_of(path: Path) -> NDArray[np.float32]:
    with open_audio(str(path)) as recording:
        return np.concatenate(list(recording.blocks))


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_pcm_of_every_width(tmp_path: Path, speech: NDArray[np.int16], width: int, channels: int) -> None:
    wide = (speech.astype(np.int64) << 16) >> (32 - 8 * width)
    if width == 1:
        wide += 128
    one = wide.astype("<i8").reshape(-1, 1).view(np.uint8)[:, :width]
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(11025)
        file.writeframes(np.tile(one, channels).tobytes())
    with open_audio(str(path)) as recording:
        assert recording.rate == 11025
        assert recording.seconds == pytest.approx(len(speech) / 11025)
        samples = np.concatenate(list(recording.blocks))
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, speech / 32768, atol=1 / 127 if width == 1 else 1e-6)


def test_channels_are_mixed_down(tmp_path: Path) -> None:
    data = np.array([[1000, 3000], [-500, 500]], "<i2").tobytes()
    path = saved(tmp_path / "a.wav", riff(described(PCM, 16, channels=2), chunk(b"data", data)))
    np.testing.assert_allclose(samples_of(path), [2000 / 32768, 0], atol=1e-7)


@pytest.mark.parametrize(("bits", "kind"), [(32, "<f4"), (64, "<f8")])
def test_floats(tmp_path: Path, bits: int, kind: str) -> None:
    data = np.array([0.5, -0.25], kind).tobytes()
    path = saved(
        tmp_path / "a.wav", riff(described(FLOAT, bits), chunk(b"fact", b"1234"), chunk(b"data", data))
    )
    np.testing.assert_allclose(samples_of(path), [0.5, -0.25])


@pytest.mark.parametrize("subformat", [PCM, FLOAT])
def test_the_extensible_header(tmp_path: Path, subformat: int) -> None:
    bits = 16 if subformat == PCM else 32
    extra = struct.pack("<HHIH", 22, bits, 0, subformat) + bytes(14)
    data = np.array([0.5], "<f4").tobytes() if subformat == FLOAT else np.array([16384], "<i2").tobytes()
    header = described(EXTENSIBLE, bits, extra=extra)
    path = saved(tmp_path / "a.wav", riff(header, chunk(b"data", data)))
    np.testing.assert_allclose(samples_of(path), [0.5])


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "PCM_24", "FLOAT", "DOUBLE"])
def test_what_libsndfile_writes(tmp_path: Path, speech: NDArray[np.int16], subtype: str) -> None:
    soundfile = pytest.importorskip("soundfile", reason="it writes the files to compare")
    path = tmp_path / "a.wav"
    soundfile.write(path, speech, 16000, subtype=subtype)
    expected, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_allclose(samples_of(path), expected, atol=1.1 / 32768)


@pytest.mark.parametrize(("riff_size", "data_size"), [(0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (1, 0x7FFFFFFF)])
def test_a_header_of_unknown_length(tmp_path: Path, riff_size: int, data_size: int) -> None:
    audio = chunk(b"data", bytes(1000), data_size)
    path = saved(tmp_path / "a.wav", riff(described(PCM, 16), audio, size=riff_size))
    with open_audio(str(path)) as recording:
        assert recording.seconds == 500 / 16000
        assert sum(map(len, recording.blocks)) == 500


def test_what_follows_the_audio_is_not_heard(tmp_path: Path) -> None:
    content = riff(
        chunk(b"LIST", b"odd"), described(PCM, 16), chunk(b"data", bytes(8)), chunk(b"LIST", b"\xff" * 9)
    )
    assert not samples_of(saved(tmp_path / "a.wav", content)).any()
    assert len(samples_of(tmp_path / "a.wav")) == 4


def test_a_file_cut_short_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    content = riff(described(PCM, 16), chunk(b"data", bytes(99), 4000))
    assert len(samples_of(saved(tmp_path / "a.wav", content[:-1]))) == 49


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"RIFF", "it has no RIFF/WAVE header"),
        (riff(), "ends too early"),
        (riff(chunk(b"fmt ", b"short")), "its fmt chunk is damaged"),
        (riff(chunk(b"data", bytes(10))), "its audio comes before the fmt chunk"),
        (riff(described(PCM, 16, channels=0), chunk(b"data", bytes(10))), "no channels"),
        (riff(described(PCM, 16), chunk(b"data", b"")), "contains no audio"),
        (riff(described(PCM, 16, channels=2), chunk(b"data", bytes(2))), "contains no audio"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, reason: str) -> None:
    path = saved(tmp_path / "a.wav", content)
    with pytest.raises(mv.AudioFileError, match=reason) as caught:
        samples_of(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(("coding", "bits"), [(2, 4), (PCM, 12), (85, 0)])
def test_a_coding_that_is_not_known_here_is_named(coding: int, bits: int) -> None:
    content = riff(described(coding, bits), chunk(b"data", bytes(10)))
    with pytest.raises(UnknownCodingError, match=f"coding {coding} with {bits} bits is not supported"):
        read_header(io.BytesIO(content), "a.wav")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_an_open_file_is_read_in_blocks_of_any_length_and_stays_open(
    speech: NDArray[np.int16], suffix: str
) -> None:
    soundfile = pytest.importorskip("soundfile", reason="it writes the files, and reads all but one")
    file = io.BytesIO()
    soundfile.write(file, np.stack((speech, speech), axis=1) / 32768, 16000, format=suffix)
    file.seek(0)
    with mv.open_audio(file, block_ms=100) as recording:
        lengths = [len(block) for block in recording.blocks]
    assert recording.rate == 16000
    assert recording.seconds == sum(lengths) / 16000
    assert set(lengths[:-1]) == {1600}
    assert sum(lengths) == pytest.approx(len(speech), abs=3000)
    assert not file.closed


@pytest.mark.parametrize("data", [b"not audio at all", b"fLaC" + bytes(100)])
def test_an_open_file_that_cannot_be_read_has_no_name(data: bytes) -> None:
    pytest.importorskip("soundfile", reason="it reads all but WAV")
    with pytest.raises(
        mv.AudioFileError,
        match=r"^audio: is not readable audio \([^<]*\); convert it: ffmpeg -i FILE out.wav",
    ):
        with mv.open_audio(io.BytesIO(data)):
            pass


def test_an_open_file_without_a_header() -> None:
    with mv.open_audio(io.BytesIO(bytes(3200)), raw_rate=8000, block_ms=50) as recording:
        assert recording.seconds == 0.2
        assert [len(block) for block in recording.blocks] == [400] * 4


@given(
    head=st.sampled_from([b"", riff(), riff(described(PCM, 16)), riff(described(EXTENSIBLE, 16))]),
    tail=st.binary(max_size=200),
)
def test_any_bytes_are_a_header_or_an_error(head: bytes, tail: bytes) -> None:
    try:
        header = read_header(io.BytesIO(head + tail), "noise")
    except mv.AudioFileError:
        return
    assert header.frame_bytes > 0


def test_many_channels_take_no_more_memory(tmp_path: Path) -> None:
    header = chunk(b"fmt ", struct.pack("<HHIIHH", FLOAT, 65535, 48000, 0, 0, 64))
    path = saved(tmp_path / "a.wav", riff(header, chunk(b"data", bytes(3 * 65535 * 8), 0xFFFFFFFF)))
    assert len(samples_of(path)) == 3


@pytest.mark.parametrize(("count", "read"), [(900, True), (3000, False)])
def test_chunks_before_the_audio_are_counted(count: int, read: bool) -> None:
    file = io.BytesIO(riff(described(PCM, 16), chunk(b"junk", b"") * count, chunk(b"data", bytes(100))))
    if read:
        assert read_header(file, "a.wav").size == 100
        return
    with pytest.raises(mv.AudioFileError, match="it has more than 1000 chunks before the audio"):
        read_header(file, "a.wav")
