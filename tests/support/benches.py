"""Commands of bench/, run as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def run_bench(module: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``python -m bench.<module>`` with what these tests can import."""
    return subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *map(str, options)],
        cwd=_ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
