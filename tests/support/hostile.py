"""Measure a server process, for the hostile suite and the soak test."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.processes import ServerProcess


def memory_mb(server: ServerProcess, field: str = "VmRSS") -> float:
    """Return the memory of a server process in MB; `VmHWM` is its peak."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(server: ServerProcess) -> float:
    """Return the processor time that a server process has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def descriptors(server: ServerProcess) -> int:
    """Return the number of open file descriptors of a server process."""
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for a condition; return the seconds it took, or `seconds` if it did not come true."""
    started = time.monotonic()
    while (waited := time.monotonic() - started) < seconds:
        if condition():
            return waited
        time.sleep(0.05)
    return seconds


def counted(server: ServerProcess, metric: str) -> float:
    """Return a metric of a server, summed over its labels."""
    lines = httpx.get(f"{server.origin}/metrics", timeout=30).text.splitlines()
    return sum(
        float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{metric}{{", f"{metric} "))
    )
