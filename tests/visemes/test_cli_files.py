"""The command mascot-visemes: the files that it reads, and those that it cannot read."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.cli import main

if TYPE_CHECKING:
    from numpy.typing import NDArray

from support.cli import started, without, write


def test_files_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    noise = tmp_path / "noise.wav"
    noise.write_bytes(bytes(range(256)) * 8)
    cut = tmp_path / "cut.wav"
    cut.write_bytes(write(tmp_path / "whole.wav", bytes(100)).read_bytes()[:30])
    silent = write(tmp_path / "header-only.wav", b"")
    fast = write(tmp_path / "fast.wav", bytes(100), rate=96000)
    for path, reason in [
        (tmp_path / "missing.wav", "No such file"),
        (tmp_path, "directory"),
        (empty, "is not a readable WAV file: it is empty"),
        (noise, "not"),
        (cut, "is not a readable WAV file"),
        (silent, "contains no audio"),
        (fast, "its sample rate is 96000 Hz"),
    ]:
        assert main([str(path)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("mascot-visemes: ")
        assert reason.lower() in err.lower()
        assert err.count("\n") == 1


def test_several_channels_rates_and_raw_audio_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]
) -> None:
    mono = write(tmp_path / "mono.wav", speech.tobytes())
    stereo = write(tmp_path / "stereo.wav", np.repeat(speech, 2).tobytes(), channels=2)
    raw = tmp_path / "speech.raw"
    raw.write_bytes(speech.tobytes() + b"1")  # half a sample is dropped
    outputs = []
    for arguments in ([str(mono)], [str(stereo)], [str(raw), "--rate", "16000"]):
        assert main(arguments) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0]
    assert set(outputs) == {outputs[0]}
    assert main([str(raw), "--rate", "16000.0"]) == 0
    assert capsys.readouterr().out == outputs[0]
    assert main([str(raw), "--rate", "4000"]) == 2
    assert "sample_rate" in capsys.readouterr().err


def test_not_a_number_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = np.array([0.0, np.nan, 1e300], "<f8").tobytes()
    header = struct.pack("<HHIIHH", 3, 1, 16000, 128000, 8, 64)
    data = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + header
    (tmp_path / "a.wav").write_bytes(data + b"data" + struct.pack("<I", len(samples)) + samples)
    assert main([str(tmp_path / "a.wav")]) == 2
    assert "sample 1" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_other_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16], suffix: str
) -> None:
    soundfile = pytest.importorskip("soundfile", reason="reading other formats needs the extra cli")
    path = tmp_path / f"speech.{suffix}"
    soundfile.write(path, np.stack((speech, speech), axis=1) / 32768, 16000)
    assert main([str(path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = mv.load().predict(speech, sample_rate=16000)
    if suffix == "flac":
        assert lines == [{"time_ms": e.time_ms, "viseme": e.viseme} for e in expected]
    assert len(lines) == pytest.approx(len(expected), rel=0.3)


def test_other_formats_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("soundfile", reason="reading other formats needs the extra cli")
    for name, data in (("a.mp3", b"not audio at all"), ("a.flac", b"fLaC" + bytes(100))):
        (tmp_path / name).write_bytes(data)
        assert main([str(tmp_path / name)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"mascot-visemes: {tmp_path / name}: ")


def test_what_the_extra_is_needed_for(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    other = tmp_path / "speech.mp3"
    other.write_bytes(b"ID3 and so on")
    done = without("soundfile", str(other))
    assert done.returncode == 2
    assert done.stderr == (
        f"mascot-visemes: {other}: reading formats other than WAV needs soundfile; run: "
        "pip install 'mascot-visemes[cli]'\n"
    )
    done = without("matplotlib", str(path), "--plot", str(tmp_path / "plot.png"))
    assert done.returncode == 2
    assert done.stderr == "mascot-visemes: --plot needs matplotlib; run: pip install 'mascot-visemes[cli]'\n"
    assert done.stdout == ""
    assert without("soundfile", str(path)).returncode == 0


def test_a_rate_is_refused_for_a_file_that_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]
) -> None:
    path = write(tmp_path / "a.wav", speech.tobytes())
    (tmp_path / "a.flac").write_bytes(b"fLaC" + bytes(1000))
    for name, kind in (("a.wav", "WAV"), ("a.flac", "FLAC")):
        assert main([str(tmp_path / name), "--rate", "16000"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert f"has the header of a {kind} file; leave the sample rate (raw_rate, --rate) out" in err
    with started("-", "--rate", "16000") as process:
        out_bytes, err_bytes = process.communicate(path.read_bytes())
    assert (process.returncode, out_bytes) == (2, b"")
    assert b"has the header of a WAV file" in err_bytes


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="the system has no file that cannot be read")
def test_an_error_while_reading_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["/proc/self/mem"]) == 2
    assert capsys.readouterr().err.endswith("mem: cannot be read (Input/output error)\n")


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_wav_of_other_codings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], babble: Callable[..., NDArray[np.int16]], subtype: str
) -> None:
    soundfile = pytest.importorskip("soundfile", reason="reading other codings needs the extra cli")
    path = tmp_path / "coded.wav"
    soundfile.write(path, babble(8000, 2.0), 8000, subtype=subtype)
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.count("\n") > 5
    done = without("soundfile", str(path))
    assert done.returncode == 2
    assert done.stderr == (
        f"mascot-visemes: {path}: reading this coding of WAV needs soundfile; run: pip install 'mascot-visemes[cli]'\n"
    )
    with started("-") as process:
        _, err = process.communicate(path.read_bytes())
    assert process.returncode == 2
    assert b"convert it: ffmpeg" in err


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("a.m4a", b"\0\0\0\x1cftypM4A ", "MP4 (M4A)"),
        ("a.mp4", b"\0\0\0\x1cftypisom", "MP4 (M4A)"),
        ("a.webm", b"\x1aE\xdf\xa3", "WebM (Matroska)"),
        ("a.aac", 2 * (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)), "AAC"),
        ("a.aac", 2 * (b"\xff\xf9\x50\x80\x02\x1f\xfc" + bytes(9)), "AAC"),
        ("a.wma", b"0&\xb2u\x8ef\xcf\x11", "WMA"),
        ("a.amr", b"#!AMR\n", "AMR"),
        ("a.avi", b"RIFF\0\0\0\0AVI ", "AVI"),
    ],
)
def test_formats_that_nothing_here_reads_say_how_to_convert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, start: bytes, kind: str
) -> None:
    path = tmp_path / name
    path.write_bytes(start + bytes(1000))
    expected = f"{kind} cannot be read; convert it to WAV: ffmpeg -i FILE"
    assert main([str(path)]) == 2
    assert capsys.readouterr().err == f"mascot-visemes: {path}: {expected} out.wav\n"
    if kind != "AAC":  # which is known by two frames, for which a pipe would have to wait
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as file:
            file.write(path.read_bytes())
        with os.fdopen(reading, "rb") as file, pytest.raises(mv.AudioFileError) as caught:
            mv.open_audio(file).__enter__()
        assert str(caught.value) == f"audio: {expected} -f wav -"


def test_an_extra_that_would_not_help_is_not_advised(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(b"\0\0\0\x1cftypM4A " + bytes(1000))
    done = without("soundfile", str(path))
    assert "ffmpeg -i FILE out.wav" in done.stderr
    assert "pip install" not in done.stderr


@pytest.mark.parametrize("name", ["a.raw", "a.mp3", "a.wav", "a.flac", "a"])
def test_what_is_no_known_format(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    pytest.importorskip("soundfile", reason="reading other formats needs the extra cli")
    path = tmp_path / name
    path.write_bytes(bytes(range(1, 200)) * 100)
    assert main([str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "convert it: ffmpeg -i FILE out.wav; for raw PCM16 pass the sample rate" in err


def test_the_name_of_a_file_does_not_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]
) -> None:
    soundfile = pytest.importorskip("soundfile", reason="reading other formats needs the extra cli")
    flac = tmp_path / "a.flac"
    soundfile.write(flac, speech, 16000)
    assert main([str(flac)]) == 0
    expected = capsys.readouterr().out
    for name in ("a.wav", "a.raw", "a.mp3", "a"):
        path = flac.rename(tmp_path / name)
        assert main([str(path)]) == 0
        assert capsys.readouterr().out == expected
        flac = path
