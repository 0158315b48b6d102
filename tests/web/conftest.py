"""mascot-web in a browser, with the packages of avatars from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# tools/ is no package that one installs.
sys.path.insert(0, str(Path(__file__).parents[2]))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "packages" / "mascot-web"


@pytest.fixture(scope="session")
def npm_install(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Installs packages of npm into a folder of their own, for all tests once; skips where npm cannot."""
    made: dict[tuple[str, ...], Path] = {}

    def install(*packages: str) -> Path:
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("needs npm: install Node.js 20 or newer")
        if packages not in made:
            folder = tmp_path_factory.mktemp("npm")
            (folder / "package.json").write_text('{"private": true, "type": "module"}')
            ran = subprocess.run(
                [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *packages],
                cwd=folder, capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
            if ran.returncode:
                pytest.skip(f"npm has no network here: {ran.stderr.strip().splitlines()[:1]}")
            made[packages] = folder
        return made[packages]

    return install


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serves a folder on loopback; gives its origin."""
    servers: list[ThreadingHTTPServer] = []

    def run(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    """Serves modules as what they are."""

    def guess_type(self, path: Any) -> str:
        """Some systems know modules by another type, with which browsers do not run them."""
        return "text/javascript" if str(path).endswith("js") else super().guess_type(path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class's name)
        """Says nothing."""


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where measurements are kept: the folder that `MASCOT_ARTEFACTS` names, or a temporary one."""
    named = os.environ.get("MASCOT_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells what was measured."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for name, figures in report.user_properties:
                terminalreporter.write_line(f"{name}: {figures}")
