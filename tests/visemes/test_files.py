"""Files by path, open files and pipes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mascot_visemes as mv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16000


@pytest.fixture
def path(tmp_path: Path, speech: NDArray[np.int16]) -> Path:
    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(speech.tobytes())
    return path


@pytest.fixture
def expected(speech: NDArray[np.int16]) -> list[mv.VisemeEvent[int]]:
    return mv.load("lite").predict(speech, sample_rate=RATE)


def in_pieces(source: Any) -> list[mv.VisemeEvent[int]]:
    """Events of a source, which is read in the blocks that it gives."""
    with mv.open_audio(source) as recording:
        stream = mv.load("lite").create_stream(sample_rate=recording.rate)
        events = [event for block in recording.blocks for event in stream.accept_waveform(block)]
    return events + stream.input_finished()


def streamed(speech: NDArray[np.int16]) -> list[mv.VisemeEvent[int]]:
    stream = mv.load("lite").create_stream(sample_rate=RATE)
    events = [e for i in range(0, len(speech), 1600) for e in stream.accept_waveform(speech[i : i + 1600])]
    return events + stream.input_finished()


def test_paths_and_open_files(path: Path, expected: list[mv.VisemeEvent[int]]) -> None:
    assert mv.predict_file(path, model="lite") == expected
    assert mv.predict_file(str(path), model="lite") == expected
    with path.open("rb") as file:
        assert mv.predict_file(file, model="lite") == expected
        assert not file.closed
    with path.open("rb", buffering=0) as raw:
        assert mv.predict_file(raw, model="lite") == expected
    assert mv.predict_file(io.BytesIO(path.read_bytes()), model="lite") == expected
    names = mv.load(shapes="oculus").visemes
    assert {event.viseme for event in mv.predict_file(path, shapes="oculus")} <= set(names)


def test_a_dash_is_a_file_like_any_other(
    path: Path, expected: list[mv.VisemeEvent[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(mv.AudioFileError, match="-: No such file"):
        mv.predict_file("-")
    path.rename(path.with_name("-"))
    assert mv.predict_file("-", model="lite") == expected


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe(path: Path, tmp_path: Path, speech: NDArray[np.int16]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    assert in_pieces(pipe) == streamed(speech)
    writer.join()


@pytest.mark.parametrize("buffering", [-1, 0])
def test_an_open_pipe_that_gives_little_at_a_time(
    path: Path, speech: NDArray[np.int16], buffering: int
) -> None:
    reading, writing = os.pipe()
    data = path.read_bytes()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as file:
            for start in range(0, len(data), 777):
                file.write(data[start : start + 777])

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb", buffering=buffering) as file:
        assert in_pieces(file) == streamed(speech)
    writer.join()


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="the system has no /dev/stdin")
def test_dev_stdin(path: Path, speech: NDArray[np.int16], expected: list[mv.VisemeEvent[int]]) -> None:
    program = """
import mascot_visemes as mv
for event in mv.predict_file("/dev/stdin", model="lite"):
    print(event.time_ms, event.viseme)
"""

    def run(**stdin: Any) -> list[str]:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, **stdin, stdout=subprocess.PIPE, check=True)
        return str(done.stdout, "ascii").splitlines()

    piped = run(input=path.read_bytes())
    assert piped == [f"{event.time_ms} {event.viseme}" for event in streamed(speech)]
    with path.open("rb") as file:
        assert run(stdin=file) == [f"{event.time_ms} {event.viseme}" for event in expected]


def test_a_pipe_has_to_be_wav() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import mascot_visemes as mv; mv.predict_file('/dev/stdin')"],
        input=b"fLaC" + bytes(1000),
        capture_output=True,
        check=False,
    )
    assert b"AudioFileError: /dev/stdin: is FLAC, but only WAV can be read from a pipe" in done.stderr
    assert b"ffmpeg -i FILE -f wav -" in done.stderr


def _closed() -> io.BytesIO:
    file = io.BytesIO()
    file.close()
    return file


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (io.StringIO("RIFF"), r"was opened in text mode; open it with mode 'rb'"),
        (b"RIFF....", r"got bytes; for a file in memory use io\.BytesIO\(data\)"),
        (None, r"expected a path or a file opened with mode 'rb', got NoneType"),
        (5, r"expected a path or a file opened with mode 'rb', got int"),
        ("a\0b", r"null"),
        (_closed(), r"is closed; open it with mode 'rb'"),
    ],
)
def test_what_is_no_file(source: Any, problem: str) -> None:
    with pytest.raises(mv.AudioFileError, match=problem):
        mv.predict_file(source)


def test_unknown_models_and_sets(path: Path) -> None:
    with pytest.raises(mv.UnknownModelError):
        mv.predict_file(path, model="nonesuch")
    with pytest.raises(mv.UnknownShapesError):
        mv.predict_file(path, shapes="nonesuch")
