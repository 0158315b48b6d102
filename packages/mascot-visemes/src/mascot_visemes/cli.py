"""The command ``mascot-visemes``: a WAV file in, events as JSON lines out."""

from __future__ import annotations

import argparse
import json
import os
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.errors import VisemeError, WaveFileError
from mascot_visemes.registry import available_models, load
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BAD_INPUT = 2


def read_wave(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read a WAV file of 8, 16, 24 or 32-bit PCM, channels mixed down.

    Returns:
        Samples in -1..1, shape (n,), and the sample rate.

    Raises:
        WaveFileError: The file is missing, empty, damaged or of another format.
    """
    try:
        with path.open("rb") as file, wave.open(file) as reader:
            width, channels, rate = reader.getsampwidth(), reader.getnchannels(), reader.getframerate()
            data = reader.readframes(reader.getnframes())
    except OSError as error:
        raise WaveFileError(str(path), error.strerror or str(error)) from error
    except (wave.Error, EOFError, ValueError) as error:
        problem = f"not a WAV file of plain PCM ({str(error) or 'it ends too early'})"
        raise WaveFileError(str(path), f"{problem}; convert it, e.g. with: ffmpeg -i FILE out.wav") from error
    whole = len(data) // (width * channels) * width * channels
    if not whole:
        raise WaveFileError(str(path), "holds no audio")
    return _samples(data[:whole], width).reshape(-1, channels).mean(axis=1), rate


def _samples(data: bytes, width: int) -> NDArray[np.float32]:
    """Little-endian PCM of `width` bytes a sample as floats in -1..1; one byte is unsigned."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / 128.0
    # The top two bytes are all that matters here: the network does not hear what is 90 dB down.
    raw = np.frombuffer(data, np.uint8).reshape(-1, width)[:, width - 2 :]
    return np.ascontiguousarray(raw).view("<i2")[:, 0].astype(np.float32) / 32768.0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="mascot-visemes",
        description="Print the visemes of a WAV file, one JSON object a line: when (ms) and which.",
    )
    parser.add_argument("file", type=Path, help="WAV file: PCM, 8000 to 48000 Hz; channels are mixed down")
    parser.add_argument("--model", default="default", help=f"one of: {', '.join(available_models())}")
    parser.add_argument("--shapes", default="sapi", choices=tuple(SHAPES), help="viseme set (default: sapi)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments without the program's name; those of the process if not given.

    Returns:
        Exit status: 0, or 2 for input that cannot be used, the reason being on stderr.
    """
    args = _arguments(argv)
    try:
        samples, rate = read_wave(args.file)
        events = load(args.model, shapes=args.shapes).predict(samples, sample_rate=rate)
    except VisemeError as error:
        sys.stderr.write(f"mascot-visemes: {error}\n")
        return _BAD_INPUT
    try:
        for event in events:
            sys.stdout.write(json.dumps({"time_ms": event.time_ms, "viseme": event.viseme}) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has had enough (`| head`); without this the interpreter would complain while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
