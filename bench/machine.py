"""Describe what a measurement ran on: machine, versions, file sizes, and the memory and threads of the process."""

from __future__ import annotations

import importlib.metadata
import io
import os
import platform
import sys
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

from mascot_visemes.registry import load_network

_FEATURES = ("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm", "sve")
"""Instructions that decide how fast a network runs, as Linux names them."""

_STEAL = 7
"""Field of the first line of /proc/stat with the time that the host gave to other guests."""


def machine() -> dict[str, Any]:
    """Return the CPU and its instructions, cores, load, stolen time so far, and versions."""
    return {
        "cpu": _cpu(),
        "cpu_features": cpu_features(),
        "steal_percent": steal_percent(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in ("numpy", "onnxruntime", "mascot-visemes")},
    }


def cpu_features() -> str | None:
    """Return those of `_FEATURES` that the CPU has, separated by spaces; ``None`` where it is not known."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return None
    flags = next(
        (line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), None
    )
    return None if flags is None else " ".join(name for name in _FEATURES if name in flags) or "none"


def steal_percent() -> float | None:
    """Return the share of CPU time since this module was imported that the host gave to other guests, in percent.

    Returns:
        0 to 100; ``None`` if unknown.
    """
    now = _ticks()
    if now is None or _BEGAN is None:
        return None
    spent = sum(now) - sum(_BEGAN)
    return round(100 * (now[_STEAL] - _BEGAN[_STEAL]) / spent, 1) if spent else 0.0


def status(field: str) -> int | None:
    """Return a number of ``/proc/self/status``, such as VmHWM (peak memory, KiB); ``None`` without that file."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(field + ":")), None)


def files(model: str) -> dict[str, float]:
    """Return the size in MB of a model's network, and of the zipped package, which is the size of the wheel."""
    package = Path(str(resources.files("mascot_visemes")))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in package.rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                wheel.write(path, path.relative_to(package.parent))
    network = package / "models" / f"{load_network(model).weights}.onnx"
    return {
        "onnx_mb": round(network.stat().st_size / 1e6, 2),
        "wheel_mb": round(len(zipped.getvalue()) / 1e6, 2),
    }


def _ticks() -> list[int] | None:
    """Return the times of all cores together: user, nice, system, idle, waiting, interrupts (two kinds), stolen."""
    try:
        line = Path("/proc/stat").read_text("ascii").splitlines()[0]
    except OSError:
        return None
    ticks = [int(field) for field in line.split()[1 : _STEAL + 2]]
    return ticks if len(ticks) > _STEAL else None


_BEGAN = _ticks()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed: run from its source"


def _cpu() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
