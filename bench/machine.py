"""What a measurement ran on: machine, versions, sizes of files, and what the process takes of it."""

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


def machine() -> dict[str, Any]:
    """CPU, cores, load and versions."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in ("numpy", "onnxruntime", "mascot-visemes")},
    }


def status(field: str) -> int | None:
    """A number of ``/proc/self/status``, as Threads or VmHWM (peak memory, KiB); None where there is no such file."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(field + ":")), None)


def files(model: str) -> dict[str, float]:
    """Megabytes of a model's network, and of the package zipped, which is what a wheel is."""
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
