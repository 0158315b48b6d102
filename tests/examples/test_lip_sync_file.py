"""examples/lip_sync_file.py: a recording as JSON, GIF and film."""

from __future__ import annotations

import json
import shutil
import subprocess
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from support.programs import run_example

import mascot_visemes as mv
from examples.face import SHAPES
from examples.lip_sync_file import RECORDING, mouths, read

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FFMPEG = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="no ffmpeg: apt-get install ffmpeg, or your system's package of it"
)
SECONDS = 4.52


def heard() -> list[dict[str, object]]:
    with wave.open(str(RECORDING)) as file:
        rate, pcm = file.getframerate(), file.readframes(file.getnframes())
    events = mv.load("default").predict(pcm, sample_rate=rate)
    return [{"time_ms": event.time_ms, "viseme": event.viseme} for event in events]


def test_without_arguments_it_prints_json() -> None:
    ran = run_example("lip_sync_file")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout) == heard()


def test_a_file_of_each_kind_that_needs_no_program(tmp_path: Path) -> None:
    gif, events = tmp_path / "mouth.gif", tmp_path / "mouth.json"
    ran = run_example("lip_sync_file", str(RECORDING), "-o", str(gif), "-o", str(events), "--size", "96")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [line.partition(":")[0] for line in ran.stdout.splitlines()] == [str(gif), str(events)]
    assert json.loads(events.read_text()) == heard()
    with Image.open(gif) as image:
        assert image.size == (96, 96)
        assert image.info["loop"] == 0
        shown = list(frames(image))
    # Frames that are alike are one, shown for longer.
    assert sum(duration for duration, _ in shown) == pytest.approx(1000 * SECONDS, abs=40)
    assert len(shown) > 60
    # Nothing flickers: hair and background stay what they are.
    assert len({picture[:10].tobytes() for _, picture in shown}) == 1


def frames(image: Image.Image) -> list[tuple[int, NDArray[np.uint8]]]:
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append((image.info["duration"], np.array(image.convert("RGB"))))
    return found


def test_the_mouth_moves_softly_and_rests_in_silence() -> None:
    samples, rate = read(str(RECORDING))
    lips = np.array(mouths(samples, rate))
    assert len(lips) == 113
    assert lips[0] == pytest.approx(SHAPES[0], abs=0.01)
    opened = lips[:, 0]
    # "Hello": wide open within the first half second, and never from shut to open within a frame. From F to a vowel the
    # mouth may move faster: a frame of the film is four rows of weights.
    assert opened[4:13].max() > 0.4
    moved, shut = np.diff(opened), opened < 0.1
    assert np.abs(moved[shut[:-1] | shut[1:]]).max() < 0.6
    assert np.abs(moved).max() < 0.7


@FFMPEG
def test_a_film_has_picture_and_sound(tmp_path: Path) -> None:
    film = tmp_path / "mouth.mp4"
    ran = run_example("lip_sync_file", "-o", str(film), "--size", "64")
    assert (ran.returncode, ran.stderr) == (0, "")
    probe = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(film)]
    streams = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)["streams"]
    assert [stream["codec_type"] for stream in streams] == ["video", "audio"]
    for stream in streams:
        assert float(stream["duration"]) == pytest.approx(SECONDS, abs=0.1)
    assert (streams[0]["width"], streams[0]["height"]) == (64, 64)


@FFMPEG
def test_a_film_that_ffmpeg_cannot_write(tmp_path: Path) -> None:
    ran = run_example("lip_sync_file", "-o", str(tmp_path / "no such folder" / "mouth.mp4"))
    assert ran.returncode == 1
    assert "mouth.mp4: ffmpeg failed: " in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "says"),
    [
        (["-o", "mouth.mp4"], {"PATH": ""}, 1, "mouth.mp4: needs the program ffmpeg"),
        (["-o", "mouth.avi"], {}, 1, "mouth.avi: the extension must be one of .json, .gif, .mp4"),
        (["no-such-file.wav"], {}, 1, "no-such-file.wav: No such file"),
        ([__file__], {}, 1, "test_lip_sync_file.py"),
        (["--size", "7"], {}, 2, "--size: must be an even number"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], variables: dict[str, str], status: int, says: str
) -> None:
    ran = run_example("lip_sync_file", *arguments, **variables)
    assert ran.returncode == status
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
