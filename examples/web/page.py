"""Builds the page with npm, where it is not built yet or older than its source."""

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
    """Installs the SDKs and bundles the page.

    Raises:
        FileNotFoundError: There is no npm.
        subprocess.CalledProcessError: Npm failed; it has said why.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("building the page takes Node.js 20 or newer, with npm: https://nodejs.org")
    lock = HERE / "package-lock.json"
    if _older(HERE / "node_modules" / ".package-lock.json", [lock]):
        # No package here needs a script of its own to be installed.
        _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    if _older(
        BUILD / "index.html", [lock, HERE / "package.json", *(HERE / "page").iterdir(), *MODULE.iterdir()]
    ):
        _run(npm, "run", "--silent", "build")


def _run(*command: str) -> None:
    subprocess.run(command, cwd=HERE, check=True)  # noqa: S603 - no shell: npm and the fixed words above


def _older(made: Path, sources: list[Path]) -> bool:
    return not made.exists() or made.stat().st_mtime < max(source.stat().st_mtime for source in sources)
