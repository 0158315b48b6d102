"""Run the commands of bench/ like a user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def run_bench(module: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``python -m bench.<module>`` with the import path of these tests."""
    return subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *map(str, options)],
        cwd=_ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
