from __future__ import annotations

import importlib.util
import json
import os
import signal
import struct
import subprocess
import sys
import tracemalloc
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.cli import main
from mascot_visemes.formats import FORMATS, Track

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


def test_not_a_number_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = np.array([0.0, np.nan, 1e300], "<f8").tobytes()
    header = struct.pack("<HHIIHH", 3, 1, 16000, 128000, 8, 64)
    data = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + header
    (tmp_path / "a.wav").write_bytes(data + b"data" + struct.pack("<I", len(samples)) + samples)
    assert main([str(tmp_path / "a.wav")]) == 2
    assert "sample 1" in capsys.readouterr().err


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mascot_visemes", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


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


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where a module is not installed."""
    code = (
        f"import sys; sys.modules[{module!r}] = None; from mascot_visemes.cli import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


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


def test_output_is_ascii_whatever_the_name_of_the_file(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    path = write(tmp_path / "r\u00e9cit \u4f60.wav", speech.tobytes())
    for name in ("json", "rhubarb-json"):  # the others do not name the file
        done = subprocess.run(
            [sys.executable, "-m", "mascot_visemes", str(path), "--format", name],
            env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode("ascii")
