"""Run the command `mascot-server serve` as a separate process in front of the simulators."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from support.servers import API_KEY, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class ServerProcess:
    """A running command.

    Attributes:
        origin: Origin of the server.
        process: The process, or the parent of the workers.
        log: File of its stderr.
    """

    origin: str
    process: subprocess.Popen[str]
    log: Path

    def logged(self) -> str:
        """Return its stderr so far."""
        return self.log.read_text()

    def wait_ready(self) -> None:
        """Wait until it answers: with workers, the port is open before they are ready."""
        httpx.get(f"{self.origin}/readyz", timeout=30).raise_for_status()


@contextmanager
def serve_process(folder: Path, upstream: str, *arguments: str, **settings: str) -> Iterator[ServerProcess]:
    """Run `mascot-server serve`; the settings are named without `MASCOT_` and in lower case."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    urls = dict.fromkeys(("elevenlabs_url", "openai_url", "gemini_url"), upstream)
    settings = {"secret": SECRET, "api_keys": API_KEY, "port": "0", **urls, **settings}
    environment |= {f"MASCOT_{name.upper()}": value for name, value in settings.items()}
    log = folder / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "mascot_server", "serve", *arguments],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line.startswith("listening on "), log.read_text()
        server = ServerProcess(line.removeprefix("listening on "), process, log)
        server.wait_ready()
        yield server
    finally:
        process.kill()
        process.communicate()


def worker_ids(server: ServerProcess) -> list[int]:
    """Return the process ids of the serving processes in the order of their start."""
    lines = [line for line in server.logged().splitlines() if "Started server process" in line]
    return [int(line.rpartition("[")[2].rstrip("]")) for line in lines]
