"""Worker processes and the one that looks after them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.servers import API_KEY, SECRET


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_when_their_parent_dies_while_they_start(tmp_path: Path) -> None:
    environment = os.environ | {
        "MASCOT_API_KEYS": API_KEY, "MASCOT_SECRET": SECRET, "MASCOT_PORT": "0", "MASCOT_WORKERS": "2",
    }  # fmt: skip
    parent = subprocess.Popen(
        [sys.executable, "-m", "mascot_server", "serve"],
        cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while len(family := children(parent.pid)) < 3:  # two workers and a tracker of multiprocessing's
        assert time.monotonic() < deadline, "no workers"
        time.sleep(0.02)
    # They have what they need to start, and are not far yet.
    time.sleep(0.2)
    parent.kill()
    parent.wait()
    while any(map(alive, family)):
        assert time.monotonic() < deadline, "a worker outlives its parent"
        time.sleep(0.1)
