"""Measure an older commit of this project's server in the same run as the installed one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.relay.mascot import MascotServer

if TYPE_CHECKING:
    from bench.relay.contenders import Command
    from bench.relay.wires import Wire

__all__ = ["EarlierServer", "commit_of"]

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("mascot-visemes", "mascot-server")


class EarlierServer(MascotServer):
    """Server of another commit, in a virtual environment of its own.

    Its dependencies have the versions of this environment, so that only the project's code differs.

    Args:
        commit: The commit, abbreviated, as `commit_of` returns it.
        folder: Folder with the environments of commits. A missing environment is created.
        visemes: As in `MascotServer`.
    """

    def __init__(self, commit: str, folder: Path, *, visemes: bool) -> None:
        super().__init__(visemes=visemes)
        self._commit = commit
        self._folder = folder / f"mascot-{commit}"
        self.key = f"{self.key}@{commit}"
        self.name = f"{self.name}, {commit}"

    def missing(self, wire: Wire) -> str | None:  # noqa: ARG002 - others need it
        """Install it if it is not installed yet."""
        if self._command.is_file():
            return None
        print(f"installing commit {self._commit} in {self._folder}, once", file=sys.stderr)
        try:
            self._install()
        except subprocess.CalledProcessError as failed:
            shutil.rmtree(self._folder, ignore_errors=True)
            lines = failed.stderr.strip().splitlines() or ["no output"]
            return f"commit {self._commit} cannot be installed: {lines[-1]}"
        return None

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:
        """Start it with its own interpreter and none of this checkout's code."""
        command = super().command(folder, port, upstream_port)
        command.arguments[0] = str(self._folder / "bin" / "python")
        command.environment["PYTHONPATH"] = ""
        return command

    def version(self) -> str:
        """Return the commit."""
        return self._commit

    @property
    def _command(self) -> Path:
        return self._folder / "bin" / "mascot-server"

    def _install(self) -> None:
        with tempfile.TemporaryDirectory(prefix="mascot-earlier-") as name:
            tree, pins = Path(name) / "tree", Path(name) / "constraints.txt"
            pins.write_text("".join(_pins()), "utf-8")
            _run("git", "worktree", "add", "--detach", str(tree), self._commit)
            try:
                _run(sys.executable, "-m", "venv", "--clear", str(self._folder))
                pip = (str(self._folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
                _run(*pip, "-c", str(pins), *(str(tree / "packages" / package) for package in _PACKAGES))
            finally:
                _run("git", "worktree", "remove", "--force", str(tree))


def commit_of(revision: str) -> str:
    """Return the abbreviated commit of a revision.

    Raises:
        ValueError: There is no such commit.
    """
    try:
        return _run(
            "git", "rev-parse", "--short=10", "--verify", "--end-of-options", f"{revision}^{{commit}}"
        )
    except subprocess.CalledProcessError:
        raise ValueError(f"{revision!r} is not a commit of this repository") from None


def _pins() -> list[str]:
    found = ((one.metadata["Name"], one.version) for one in distributions())
    return sorted(f"{name}=={version}\n" for name, version in found if not name.startswith("mascot"))


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return done.stdout.strip()
