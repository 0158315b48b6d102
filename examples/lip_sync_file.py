"""Create lip sync for a recording with mascot-visemes: as JSON, as an animated GIF, or as a video with sound.

    python -m examples.lip_sync_file speech.wav -o mouth.json -o mouth.gif -o mouth.mp4

Without a file, it uses a recording of this repository. Without ``-o``, it prints the JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

import mascot_visemes as mv
from examples.face import SHAPES, Lips, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from examples.face import Pixels

    Samples = NDArray[np.float32]

FRAMES_PER_SECOND: Final = 25
COLOURS: Final = 64
RECORDING: Final = (
    Path(__file__).parents[1] / "packages/mascot-server/src/mascot_server/simulators/assets/en/1-greeting.wav"
)


class OutputError(Exception):
    """An output file cannot be written; the message is the reason."""


def read(path: str | Path) -> tuple[Samples, int]:
    """Read a recording.

    Args:
        path: A WAV file. With soundfile installed, also MP3, FLAC, OGG and other formats.

    Returns:
        The mono samples and the sample rate in Hz.

    Raises:
        mascot_visemes.VisemeError: The file cannot be read.
    """
    with mv.open_audio(path) as recording:
        return np.concatenate(list(recording.blocks)), recording.rate


def events(samples: Samples, rate: int) -> list[dict[str, int]]:
    """Return the viseme events, for programs that draw one image per viseme."""
    found = mv.load("default").predict(samples, sample_rate=rate)
    return [{"time_ms": event.time_ms, "viseme": event.viseme} for event in found]


def mouths(samples: Samples, rate: int) -> list[Lips]:
    """Return the mouth of each frame from blend weights, for faces that move smoothly."""
    # One row per 10 ms, one column per viseme.
    weights = mv.load("default").weights(samples, sample_rate=rate)
    every = 100 // FRAMES_PER_SECOND
    return [Lips(*row) for row in (weights[::every] @ np.array(SHAPES)).tolist()]


def frames(lips: list[Lips], size: int) -> Iterator[Pixels]:
    """Draw the face for each mouth, and let it blink from time to time."""
    for number, mouth in enumerate(lips):
        seconds = number / FRAMES_PER_SECOND
        blink = max(0.0, 1 - abs(seconds % 3.1 - 1.4) / 0.09)
        yield draw(mouth, width=size, height=size, blink=blink)


def write_json(path: Path, samples: Samples, rate: int) -> None:
    """Write the events as JSON."""
    path.write_text(as_json(events(samples, rate)), encoding="utf-8")


def as_json(found: list[dict[str, int]]) -> str:
    """Return a JSON list of events, one per line."""
    return "[\n" + ",\n".join(f"  {json.dumps(event)}" for event in found) + "\n]\n"


def write_gif(path: Path, samples: Samples, rate: int, size: int) -> None:
    """Write an animated GIF.

    Raises:
        OutputError: Pillow is not installed.
    """
    try:
        from PIL import Image  # noqa: PLC0415  (only GIF needs it)
    except ImportError:
        raise OutputError(f"{path}: needs Pillow; run: pip install pillow") from None
    # One palette for all frames prevents flickering.
    sheet = [draw(shape, width=size, height=size) for shape in SHAPES]
    palette = Image.fromarray(np.vstack(sheet)).quantize(COLOURS)
    first, *others = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames(mouths(samples, rate), size)
    )
    first.save(
        path, save_all=True, append_images=others, duration=1000 // FRAMES_PER_SECOND, loop=0, optimize=False
    )


def write_mp4(path: Path, samples: Samples, rate: int, size: int, audio: str) -> None:
    """Write a video with the recording as its sound, using ffmpeg.

    Raises:
        OutputError: Ffmpeg is not installed, or it fails.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise OutputError(f"{path}: needs the program ffmpeg; install it, or write a .gif")
    picture = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}", "-r", str(FRAMES_PER_SECOND)]
    codecs = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
    command = [ffmpeg, "-v", "error", "-y", *picture, "-i", "-", "-i", audio, *codecs, str(path)]
    film = b"".join(frame.tobytes() for frame in frames(mouths(samples, rate), size))
    done = subprocess.run(command, input=film, capture_output=True, check=False)  # noqa: S603  (no shell)
    if done.returncode:
        raise OutputError(f"{path}: ffmpeg failed: {done.stderr.decode(errors='replace').strip()}")


def writer(path: Path, size: int, audio: str) -> Callable[[Samples, int], None]:
    """Return the function that writes a file, by its extension.

    Raises:
        OutputError: The extension is not supported.
    """
    writers: dict[str, Callable[[Samples, int], None]] = {
        ".json": lambda samples, rate: write_json(path, samples, rate),
        ".gif": lambda samples, rate: write_gif(path, samples, rate, size),
        ".mp4": lambda samples, rate: write_mp4(path, samples, rate, size, audio),
    }
    if path.suffix not in writers:
        raise OutputError(f"{path}: the extension must be one of {', '.join(writers)}")
    return writers[path.suffix]


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(prog="lip_sync_file", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "audio",
        nargs="?",
        default=str(RECORDING),
        help="audio file (default: a recording of this repository)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        default=[],
        help="output file: .json, .gif or .mp4; repeatable",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=240,
        help="width and height of the GIF or video in pixels (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.size < 16 or options.size % 2:  # noqa: PLR2004  (the video format uses blocks of two pixels)
        parser.error("--size: must be an even number of pixels, 16 or more")
    try:
        # Before the processing, so that a wrong extension is reported immediately.
        outputs = {path: writer(path, options.size, options.audio) for path in options.output}
        samples, rate = read(options.audio)
        for path, write in outputs.items():
            write(samples, rate)
            print(f"{path}: {path.stat().st_size} bytes, {len(samples) / rate:.1f} s")
        if not outputs:
            print(as_json(events(samples, rate)), end="")
    except (mv.VisemeError, OutputError, OSError) as error:
        raise SystemExit(f"lip_sync_file: {error}") from None


if __name__ == "__main__":
    main()
