"""Read and run the programs of the framework guides in docs/guides."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def programs(guide: str, language: str) -> list[str]:
    """Return the programs of a guide in a language, in order."""
    page = (ROOT / "docs" / "guides" / f"{guide}.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def names_of(program: str) -> dict[str, Any]:
    """Return the names that a Python program defines."""
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(program, "guide", "exec"), names)  # noqa: S102  (our own documentation)
    return names


def node(module: str, driver: str) -> Any:
    """Run a page's module with a program that prints JSON, in Node.js, with the mascot-web of this repository."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node.js")
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder) / "node_modules"
        modules.mkdir()
        (modules / "mascot-web").symlink_to(ROOT / "packages" / "mascot-web")
        ran = subprocess.run(
            [program, "--conditions=source", "--input-type=module", "-e", f"{module}\n{driver}"],
            cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
