"""Run a program on a core of its own, observe it through ``/proc`` and stop it.

Linux only.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Program", "StartFailed", "busy_seconds", "free_port", "on_core", "two_cores"]

_STOP_SECONDS: Final = 15.0
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_SHOWN_LINES: Final = 5
_PARENT, _USER, _SYSTEM = 1, 11, 12  # fields of /proc/PID/stat, counted after the name


class StartFailed(Exception):
    """A program did not start.

    Attributes:
        reason: Why it did not start, with its last lines of output.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Program:
    """A running program and its children.

    Args:
        arguments: Its command line.
        environment: Variables added to those of this process.
        folder: Its working folder, which also has its output.
        core: The core it is pinned to; ``None`` for any.

    Attributes:
        core: As given.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, core: int | None
    ) -> None:
        self.core = core
        self._output = folder / "output"
        with on_core(core), self._output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - what the contenders name
                arguments,
                cwd=folder,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def listens(self, port: int, seconds: float) -> None:
        """Wait until it accepts connections on a port.

        Raises:
            StartFailed: It ended, or it does not listen in time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise StartFailed(f"it ended with status {self._process.returncode}: {self._last_words()}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
        raise StartFailed(f"it did not listen within {seconds:g} s: {self._last_words()}")

    async def stop(self) -> str:
        """End it and return its output."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    break
                await asyncio.sleep(0.05)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        return self._output.read_text("utf-8", "replace")

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far."""
        stats = filter(None, (_stat(pid) for pid in self._family()))
        return sum(int(stat[_USER]) + int(stat[_SYSTEM]) for stat in stats) / _TICKS_PER_SECOND

    def unshared_bytes(self) -> int:
        """Return the unshared memory (USS) of all its processes."""
        total = 0
        for pid in self._family():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
        return total * 1024

    async def settle(self, seconds: float = 10.0) -> None:
        """Wait until it is idle, so that the next measurement is not disturbed."""
        deadline = time.monotonic() + seconds
        before = self.cpu_seconds()
        while time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            now = self.cpu_seconds()
            if now - before <= 0.02:  # noqa: PLR2004 - two ticks of the clock
                return
            before = now

    def _family(self) -> list[int]:
        parents = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
        family = [self._process.pid]
        for pid in family:
            family += [child for child, stat in parents.items() if stat and int(stat[_PARENT]) == pid]
        return family

    def _last_words(self) -> str:
        lines = self._output.read_text("utf-8", "replace").strip().splitlines()
        return " / ".join(lines[-_SHOWN_LINES:]) or "no output"


def busy_seconds(core: int | None) -> float:
    """Return the busy time of a core in seconds, for all processes; 0 if unknown."""
    for line in Path("/proc/stat").read_text("ascii").splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            # The fields are user, nice, system, then idle and waiting, then interrupts and stolen time.
            return sum(int(ticks[i]) for i in (0, 1, 2, 5, 6, 7)) / _TICKS_PER_SECOND
    return 0.0


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Pin this thread, and the processes that it starts, to one core."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def two_cores() -> tuple[int | None, int | None]:
    """Return a core for the load and one for the relay; ``None`` for both without two cores."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
