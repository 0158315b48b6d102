"""Simulate distributions, to test where a version comes from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def version_of(module: str, folder: Path) -> str:
    """Return the ``__version__`` of a package in a process where the version of its distribution is 9.8.7.

    Args:
        module: Name of the package, which is that of its distribution except for the dashes.
        folder: Where the distribution's metadata go.
    """
    metadata = folder / f"{module}-9.8.7.dist-info"
    metadata.mkdir()
    name = module.replace("_", "-")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.8.7\n", "utf-8")
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    program = f"import {module}; print({module}.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
