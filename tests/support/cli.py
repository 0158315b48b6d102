"""The command mascot-visemes, run as users run it."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path


def write(path: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = 16000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mascot_visemes", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where a module is not installed."""
    code = (
        f"import sys; sys.modules[{module!r}] = None; from mascot_visemes.cli import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
