"""Sample memory, descriptors and tasks of a server, and detect growth."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LIMITS", "Limit", "Sample", "family", "growth", "open_files", "slope", "take"]

_SERIES: Final = re.compile(
    r"^(mascot_asyncio_tasks|mascot_sessions_active)(?:\{[^}]*\})? (\S+)$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Resource use of a server and its workers at one time.

    Attributes:
        seconds: Since the start of the run.
        memory_mb: Resident memory.
        descriptors: Open files and sockets.
        tasks: Tasks of the event loops.
        sessions: Conversations running.
        processes: Serving processes.
    """

    seconds: float
    memory_mb: float
    descriptors: float
    tasks: float
    sessions: float
    processes: int


@dataclass(frozen=True, slots=True)
class Limit:
    """How fast a figure may grow.

    Attributes:
        figure: Attribute of `Sample`.
        unit: For the report.
        per_hour: Slope that passes.
        noise: Growth that passes with any slope, because it varies with the load.
        left: Maximum increase after the load.
    """

    figure: str
    unit: str
    per_hour: float
    noise: float
    left: float


LIMITS: Final = (
    Limit("memory_mb", "MB", per_hour=24.0, noise=12.0, left=60.0),
    Limit("descriptors", "", per_hour=12.0, noise=24.0, left=8.0),
    Limit("tasks", "", per_hour=12.0, noise=24.0, left=4.0),
)
"""Memory may stay higher, because allocators keep it, and so may a few pooled connections. Tasks may not."""


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    for parent in found:
        try:
            threads = list(Path(f"/proc/{parent}/task").iterdir())
            found += [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except OSError:
            """The process has ended."""
    return found


async def take(pid: int, http: httpx.AsyncClient, origin: str, seconds: float) -> Sample:
    """Take a sample of a server.

    Args:
        pid: Process id of the server.
        http: Client for its metrics.
        origin: Origin of the server.
        seconds: Seconds since the start.
    """
    used = [usage for member in family(pid) if (usage := _usage(member))]
    counted = {"mascot_asyncio_tasks": 0.0, "mascot_sessions_active": 0.0}
    try:
        text = (await http.get(f"{origin}/metrics")).text
    except httpx.HTTPError:
        text = ""
    for name, value in _SERIES.findall(text):
        counted[name] += float(value)
    memory, descriptors = (sum(column) for column in zip(*used, strict=True)) if used else (0.0, 0.0)
    tasks, sessions = counted["mascot_asyncio_tasks"], counted["mascot_sessions_active"]
    return Sample(seconds, memory, descriptors, tasks, sessions, len(used))


def open_files(pid: int) -> Counter[str]:
    """Return the open descriptors of a server and its workers, by kind."""
    found: Counter[str] = Counter()
    for member in family(pid):
        with suppress(OSError):
            for entry in Path(f"/proc/{member}/fd").iterdir():
                with suppress(OSError):
                    found[str(entry.readlink()).partition(":")[0]] += 1
    return found


def _usage(pid: int) -> tuple[float, float] | None:
    """Return resident memory in MB and open files of a process; `None` if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return None
    resident = re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)
    return int(resident[1]) / 1024 if resident else 0.0, descriptors


def slope(samples: Sequence[Sample], figure: str) -> float:
    """Return the slope of a figure in units per hour, by least squares."""
    times = [sample.seconds / 3600 for sample in samples]
    values = [float(getattr(sample, figure)) for sample in samples]
    mean_time, mean_value = sum(times) / len(samples), sum(values) / len(samples)
    spread = sum((time - mean_time) ** 2 for time in times)
    if not spread:
        return 0.0
    return sum((t - mean_time) * (v - mean_value) for t, v in zip(times, values, strict=True)) / spread


def growth(samples: Sequence[Sample], figure: str) -> float:
    """Return by how much a figure grew over the samples, by its slope."""
    return slope(samples, figure) * (samples[-1].seconds - samples[0].seconds) / 3600
