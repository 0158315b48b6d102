"""Run the examples like a user: from the root of the repository, in a separate process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

_OURS = ("MASCOT_", "ELEVENLABS_", "OPENAI_", "GEMINI_", "GOOGLE_", "CARTESIA_")


def command(example: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"examples.{example}", *arguments]


def environment(**variables: str) -> dict[str, str]:
    """Return the environment without the keys and addresses of the user who runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | variables


def run_example(example: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run an example to its end, with the given variables."""
    return subprocess.run(
        command(example, *arguments),
        cwd=ROOT, env=environment(**variables), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@contextmanager
def serving_example(example: str, *arguments: str, **variables: str) -> Iterator[str]:
    """Run an example server inside the `with` block; yield its origin."""
    process = subprocess.Popen(
        command(example, *arguments),
        cwd=ROOT, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith("listening on ")), None)
        assert line is not None, process.communicate()[1]
        yield line.removeprefix("listening on ").strip()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=180)
