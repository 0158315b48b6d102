"""The command mascot-visemes: options, and audio that comes from pipes and long files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.cli import main

if TYPE_CHECKING:
    from numpy.typing import NDArray

from support.cli import started, write


def test_module_prints_events_as_json_lines(
    tmp_path: Path, engine: mv.Engine, speech: NDArray[np.int16]
) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    done = subprocess.run(
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
    assert "there is no model 'nonesuch'; available: default" in capsys.readouterr().err


def test_a_pipe_is_answered_as_it_comes(speech: NDArray[np.int16]) -> None:
    stream = mv.load().create_stream(sample_rate=16000)
    chunks = [speech[i : i + 1600] for i in range(0, len(speech), 1600)]
    batches = [stream.accept_waveform(chunk) for chunk in chunks]
    with started("-", "--rate", "16000") as process:
        assert process.stdin
        assert process.stdout
        # A line is there before more audio is sent: a reader that waited for the end would wait for ever.
        for chunk, events in zip(chunks, batches, strict=True):
            process.stdin.write(chunk.tobytes())
            process.stdin.flush()
            for event in events:
                line = json.loads(process.stdout.readline())
                assert line == {"time_ms": event.time_ms, "viseme": event.viseme}
        process.stdin.close()
        rest = [json.loads(line)["viseme"] for line in process.stdout]
        assert rest == [e.viseme for e in stream.input_finished()]
        assert process.wait() == 0


@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent otherwise")
@pytest.mark.skipif(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, reason="interrupts are ignored here")
def test_an_interrupt_ends_it_quietly(speech: NDArray[np.int16]) -> None:
    with started("-", "--rate", "16000") as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(speech.tobytes())
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (130, b"")


def test_wav_from_a_pipe(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    whole = write(tmp_path / "a.wav", speech.tobytes()).read_bytes()
    unknown = whole[:4] + b"\xff" * 4 + whole[8:40] + b"\xff" * 4 + whole[44:]
    outputs = []
    for data in (whole, unknown):
        with started("-") as process:
            out, err = process.communicate(data)
        assert (process.returncode, err) == (0, b"")
        outputs.append(out)
    assert outputs[0]
    assert outputs[0] == outputs[1]
    for data, reason in (
        (b"", b"empty"),
        (b"fLaC....", b"standard input: is FLAC, but only WAV can be read from a pipe"),
    ):
        with started("-") as process:
            out, err = process.communicate(data)
        assert (process.returncode, out) == (2, b"")
        assert reason in err


def test_a_long_file_is_heard_in_blocks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]
) -> None:
    long = np.tile(speech, 32)
    path = write(tmp_path / "long.wav", long.tobytes())
    assert main([str(path), "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["duration_ms"] == 64000
    stream = mv.load().create_stream(sample_rate=16000)
    minute = 16000 * 60
    events = stream.accept_waveform(long[:minute]) + stream.accept_waveform(long[minute:])
    held = [(c["start_ms"], c["viseme"]) for c in content["cues"][1:]]
    assert held == [(e.time_ms, e.viseme) for e in events]


def test_memory_does_not_grow_with_the_file(tmp_path: Path, babble: Callable[..., NDArray[np.int16]]) -> None:
    minute = np.tile(babble(8000, 2.0), 30)
    peaks = []
    for minutes in (2, 5):
        path = write(tmp_path / "long.wav", np.tile(minute, minutes).tobytes(), rate=8000)
        tracemalloc.start()
        assert main([str(path), "-o", str(tmp_path / "out")]) == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]


def test_a_bar_on_long_files(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    pytest.importorskip("tqdm", reason="a bar needs the extra cli")
    termios = pytest.importorskip("termios", reason="needs a pseudo-terminal")
    for repeats, expected in ((1, False), (32, True)):
        path = write(tmp_path / "speech.wav", np.tile(speech, repeats).tobytes())
        ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            done = subprocess.run(
                [sys.executable, "-m", "mascot_visemes", str(path)],
                stdout=subprocess.PIPE,
                stderr=theirs,
                check=True,
            )
            os.write(theirs, b".")
            shown = b""
            while not shown.endswith(b"."):
                shown += terminal.read(4096)
            os.close(theirs)
        assert done.stdout
        assert (b"64 of 64 s" in shown) is expected
        assert (shown == b".") is not expected


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "--shapes {sapi,oculus,rhubarb,vrm}" in capsys.readouterr().out


def test_models_are_listed_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--list-models"])
    assert stopped.value.code == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert tuple(name for name, _ in lines) == mv.available_models()
    assert dict(lines) == {"default": "all", "indonesian": "id", "lite": "all"}


def test_the_version_is_printed(tmp_path: Path) -> None:
    metadata = tmp_path / "mascot_visemes-9.8.7.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mascot-visemes\nVersion: 9.8.7\n", "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mascot_visemes", "--version"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "mascot-visemes 9.8.7\n"


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(
    ("redirection", "reason"),
    [
        ("- <&-", "standard input: is closed; pass a file instead of -"),
        ("FILE >&-", "standard output: cannot be written (it is closed)"),
    ],
)
def test_closed_standard_streams(
    tmp_path: Path, speech: NDArray[np.int16], redirection: str, reason: str
) -> None:
    path = write(tmp_path / "a.wav", speech.tobytes())
    command = f"'{sys.executable}' -m mascot_visemes {redirection}".replace("FILE", f"'{path}'")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert (done.returncode, done.stderr) == (2, f"mascot-visemes: {reason}\n")
