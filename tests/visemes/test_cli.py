from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.cli import main, read_wave

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write(path: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = 16000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def test_module_prints_events_as_json_lines(
    tmp_path: Path, engine: mv.Engine, speech: NDArray[np.int16]
) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mascot_visemes", str(path)], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    expected = engine.predict(speech, sample_rate=16000)
    assert lines == [{"time_ms": e.time_ms, "viseme": e.viseme} for e in expected]
    assert done.stderr == ""


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    command = f"'{sys.executable}' -m mascot_visemes '{path}' | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602
    assert done.stderr == ""


def test_options(tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    assert main([str(path), "--shapes", "oculus", "--model", "default"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["viseme"] for line in lines} <= set(mv.load(shapes="oculus").visemes)
    assert main([str(path), "--model", "nonesuch"]) == 2
    assert "no model is called 'nonesuch'; available: default" in capsys.readouterr().err


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_widths_and_channels(tmp_path: Path, speech: NDArray[np.int16], width: int, channels: int) -> None:
    wide = (speech.astype(np.int64) << 16) >> (32 - 8 * width)
    if width == 1:
        wide += 128
    data = (
        np.repeat(wide[:, None], channels, axis=1)
        .astype("<i8")
        .reshape(-1, 1)
        .view(np.uint8)[:, :width]
        .tobytes()
    )
    samples, rate = read_wave(write(tmp_path / "a.wav", data, width=width, channels=channels, rate=11025))
    assert rate == 11025
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, speech / 32768, atol=1 / 127 if width == 1 else 1e-6)


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
        (empty, "not a WAV file"),
        (noise, "not a WAV file"),
        (cut, "not a WAV file"),
        (silent, "holds no audio"),
        (fast, "sample_rate"),
    ]:
        assert main([str(path)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("mascot-visemes: ")
        assert reason.lower() in err.lower()
        assert err.count("\n") == 1


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "--shapes {sapi,oculus}" in capsys.readouterr().out
