"""The command mascot-visemes: what it writes, and where."""

from __future__ import annotations

import importlib.util
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mascot_visemes as mv
from mascot_visemes.cli import main
from mascot_visemes.formats import FORMATS, Track

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

from support.cli import write


def test_formats_and_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]
) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    for name in FORMATS:
        assert main([str(path), "--format", name]) == 0
        printed = capsys.readouterr().out
        assert main([str(path), "--format", name, "-o", str(tmp_path / "out")]) == 0
        assert capsys.readouterr().out == ""
        assert (tmp_path / "out").read_bytes().decode() == printed
        shapes = "rhubarb" if name.startswith("rhubarb") else "sapi"
        events = mv.load(shapes=shapes).predict(speech, sample_rate=16000)
        track = Track(str(path), "default", shapes, mv.load(shapes=shapes).visemes[0], 2000, events)
        assert FORMATS[name].text(track) == printed


def test_rhubarb_formats_have_rhubarb_shapes_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]
) -> None:
    path = write(tmp_path / "speech.wav", speech.tobytes())
    with pytest.raises(SystemExit) as stopped:
        main([str(path), "--format", "rhubarb-tsv", "--shapes", "vrm"])
    assert stopped.value.code == 2
    assert "supports rhubarb only" in capsys.readouterr().err
    assert main([str(path), "--format", "rhubarb-tsv", "--shapes", "rhubarb"]) == 0


def test_bad_input_leaves_no_output(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    out = tmp_path / "out.csv"
    assert main([str(tmp_path / "missing.wav"), "-o", str(out)]) == 2
    assert main([str(write(tmp_path / "empty.wav", b"")), "-o", str(out), "--format", "csv"]) == 2
    assert not out.exists()
    assert main([str(write(tmp_path / "a.wav", speech.tobytes())), "-o", str(tmp_path / "no" / "out")]) == 2


def plotted(path: Path, picture: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: what matplotlib's imports warn of is not ours to mend."""
    command = [
        sys.executable,
        "-m",
        "mascot_visemes",
        str(path),
        "--plot",
        str(picture),
        "--shapes",
        "oculus",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        pytest.skip("--plot needs the extra cli")
    path = write(tmp_path / "speech.wav", speech.tobytes())
    picture = tmp_path / "plot.png"
    done = plotted(path, picture)
    assert (done.returncode, done.stderr) == (0, "")
    assert main([str(path), "--shapes", "oculus"]) == 0
    assert capsys.readouterr().out == done.stdout
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert min(width, height) >= 500
    for name in ("no/plot.png", "plot.nonesuch"):
        done = plotted(path, tmp_path / name)
        assert done.returncode == 2
        assert done.stderr.startswith(f"mascot-visemes: {tmp_path / name}: cannot be written")


def test_an_output_never_overwrites_the_input(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    speech: NDArray[np.int16],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "same.wav", speech.tobytes())
    before = path.read_bytes()
    (tmp_path / "link.wav").symlink_to(path)
    (tmp_path / "hard.wav").hardlink_to(path)
    for arguments in (
        ["-o", "same.wav"],
        ["-o", "./same.wav"],
        ["-o", str(path)],
        ["-o", "link.wav"],
        ["-o", "hard.wav"],
        ["-o", "same.wav", "--format", "csv"],
        ["--plot", "same.wav"],
    ):
        assert main(["same.wav", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "it is an input file and would be overwritten; choose another name" in err
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "mascot_visemes", "-", "-o", str(path)],
            stdin=file, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "it is an input file" in done.stderr
    assert path.read_bytes() == before


def test_two_outputs_are_never_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.wav", bytes(16000))
    same = str(tmp_path / "out")
    assert main([str(path), "-o", same, "--plot", same]) == 2
    assert "two outputs have this name" in capsys.readouterr().err
    other = write(tmp_path / "a.wave", bytes(16000))
    assert main([str(path), str(other), "-o", str(tmp_path / "folder")]) == 2
    assert "a.jsonl: cannot be written (two outputs have this name" in capsys.readouterr().err


def test_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: NDArray[np.int16]) -> None:
    one = write(tmp_path / "one.wav", speech.tobytes())
    two = write(tmp_path / "two.wav", speech[:8000].tobytes())
    missing = tmp_path / "missing.wav"
    folder = tmp_path / "new" / "folder"
    # One that cannot be used does not keep the others from being written.
    assert main([str(one), str(missing), str(two), "-o", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"mascot-visemes: {missing}: No such file or directory\n"
    for path in (one, two):
        assert main([str(path)]) == 0
        assert (folder / f"{path.stem}.jsonl").read_text() == capsys.readouterr().out
    assert main([str(one), str(two), "-o", str(folder), "--format", "webvtt"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "one.jsonl", "one.vtt", "two.jsonl", "two.vtt",
    ]  # fmt: skip
    # One file may be written into a folder as well.
    assert main([str(one), "-o", str(folder), "--format", "csv"]) == 0
    assert (folder / "one.csv").exists()
    assert main([str(one), str(two), "-o", str(one)]) == 2
    assert "several files require a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "several files require an output folder, for example -o visemes"),
        (["-o", "folder", "--plot", "plot.png"], "supports one file only"),
        (["-", "-o", "folder"], "cannot be combined with other files"),
    ],
)
def test_what_several_files_cannot_have(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["a.wav", "b.wav", *arguments])
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [((), ""), ((), "1"), (("--format", "csv"), ""), (("--version",), "")],
)
def test_a_full_disk_is_told_in_one_line(
    tmp_path: Path, speech: NDArray[np.int16], arguments: tuple[str, ...], unbuffered: str
) -> None:
    path = write(tmp_path / "a.wav", speech.tobytes())
    command = [sys.executable, "-m", "mascot_visemes", str(path), *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "mascot-visemes: standard output: cannot be written (No space left on device)\n"
    if "--version" not in arguments:
        assert main([str(path), *arguments, "-o", "/dev/full"]) == 2


def test_output_is_ascii_whatever_the_name_of_the_file(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    path = write(tmp_path / "r\u00e9cit \u4f60.wav", speech.tobytes())
    for name in ("json", "rhubarb-json"):  # the others do not name the file
        done = subprocess.run(
            [sys.executable, "-m", "mascot_visemes", str(path), "--format", name],
            env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode("ascii")
