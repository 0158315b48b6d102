"""Packages with native code. They may fail to load although installed: wrong platform, missing system library.

This module does not import them at its top level, so that it can report which one fails before anything else does.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from typing import Final

__all__ = ["cannot_load", "works_without"]

_REQUIRED: Final = (
    ("numpy", "numpy"),
    ("onnxruntime", "onnxruntime"),
    ("httptools", "httptools"),
    ("pydantic_core", "pydantic-core"),
    ("cryptography.hazmat.bindings._rust", "cryptography"),
    ("pybase64", "pybase64"),
)
"""Modules that need native code, and the packages that contain them."""

_OPTIONAL: Final = (
    ("uvloop", "uvloop", "Without it, the server uses asyncio's slower event loop"),
    ("soundfile", "soundfile", "Without it, the server accepts only WAV recordings"),
)


def cannot_load() -> list[str]:
    """Return a line for each required package that does not load; it names the package and the fix."""
    problems: list[str] = []
    for module, package in _REQUIRED:
        # numpy is checked first. If it fails, onnxruntime fails as well, with a much longer error.
        if module == "onnxruntime" and problems:
            continue
        problem = _problem(module, package)
        if problem is not None:
            problems.append(problem)
    return problems


def works_without() -> list[str]:
    """Return a line for each optional package that is expected but does not load."""
    has_uvloop = sys.platform != "win32" and platform.python_implementation() == "CPython"
    found = []
    for module, package, effect in _OPTIONAL:
        problem = _problem(module, package) if module != "uvloop" or has_uvloop else None
        if problem is not None:
            found.append(f"{problem}. {effect}.")
    return found


def _problem(module: str, package: str) -> str | None:
    # As in mascot-visemes: without it, the first import of onnxruntime starts to send telemetry.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module.partition(".")[0]:
            return f"{package} is not installed: pip install {package}"
        reason: Exception = error
    except Exception as error:  # noqa: BLE001 - packages raise whatever they like where they do not fit
        reason = error
    else:
        return None
    return (
        f"{package} cannot be loaded: {_first_line(reason)}; install it again for this Python and platform: "
        f"pip install --force-reinstall {package}"
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".;") if lines else type(error).__name__
