"""Build the page with npm, if it is not built yet or is older than its source."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

__all__ = ["BUILD", "build_page"]

HERE: Final = Path(__file__).parent

MODULE: Final = HERE.parents[1] / "packages" / "mascot-web" / "src"

BUILD: Final = HERE / "build"
"""The built page."""


def build_page() -> None:
    """Install the SDKs and bundle the page.

    Raises:
        FileNotFoundError: Npm is not installed.
        subprocess.CalledProcessError: Npm failed; it has printed the reason.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError(
            "npm is not installed; building the page needs Node.js 20 or newer: https://nodejs.org"
        )
    lock = HERE / "package-lock.json"
    if _older(HERE / "node_modules" / ".package-lock.json", [lock]):
        # None of the packages needs its install script.
        _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    if _older(
        BUILD / "index.html", [lock, HERE / "package.json", *(HERE / "page").iterdir(), *MODULE.iterdir()]
    ):
        _run(npm, "run", "--silent", "build")


def _run(*command: str) -> None:
    subprocess.run(command, cwd=HERE, check=True)  # noqa: S603 - no shell: npm and the fixed words above


def _older(made: Path, sources: list[Path]) -> bool:
    return not made.exists() or made.stat().st_mtime < max(source.stat().st_mtime for source in sources)
