"""What tells files apart by their first bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_visemes.sniffing import HEAD_BYTES, sniff

soundfile = pytest.importorskip("soundfile", reason="writes the files")


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_without_tags_is_known_by_its_frames(rate: int, channels: int) -> None:
    file = io.BytesIO()
    tone = np.sin(np.arange(rate) / 10)[:, None].repeat(channels, axis=1)
    soundfile.write(file, tone, rate, format="mp3")
    for data in (file.getvalue(), b"ID3" + file.getvalue()):
        found = sniff(data[:HEAD_BYTES])
        assert found is not None
        assert (found.name, found.readable) == ("MP3", True)


@pytest.mark.parametrize("form", ["wav", "flac", "ogg", "aiff", "rf64", "caf"])
def test_other_files_are_known(form: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(1000), 16000, format=form)
    found = sniff(file.getvalue())
    assert found is not None
    assert (found.name.lower(), found.readable) == (form, True)


@given(
    first=st.sampled_from([b"\xff\xfb", b"\xff\xf1", b"\xff\xf9"]),
    samples=st.lists(st.integers(-2000, 2000), max_size=200),
)
def test_quiet_samples_are_no_file(first: bytes, samples: list[int]) -> None:
    """Not even those that begin like a frame of MP3 or AAC: two frames in a row make one."""
    data = first + np.array(samples, "<i2").tobytes()
    second = data[2:].find(b"\xff")
    assert sniff(data) is None or second >= 0


@given(data=st.binary(max_size=5000))
def test_any_bytes_are_told_without_an_error(data: bytes) -> None:
    sniff(data)
