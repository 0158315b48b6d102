"""Try packages that were built, each in an environment of its own: `python -m tools.try_release DIST '*.whl'`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

TRIALS: Final = {
    "mascot-visemes": (
        "import mascot_visemes as m; assert m.load('lite').predict(bytes(32000), sample_rate=16000) == []"
    ),
    "mascot-client": "import mascot_client as m; m.MascotClient(base_url='http://127.0.0.1', api_key='k').close()",
    "mascot-server": "import sys; sys.argv[1:] = ['--version']; from mascot_server.__main__ import main; main()",
    "pipecat-mascot": "import pipecat_mascot",
    "livekit-plugins-mascot": "import livekit.plugins.mascot",
}
"""What each package is asked to do, after which its version must be the one in its file name."""


def main(folder: str, pattern: str) -> None:
    """Try every file of the folder that fits the pattern."""
    built = Path(folder).resolve()
    files = {_project(path): path for path in built.glob(pattern)}
    for name, trial in TRIALS.items():
        _attempt(name, files[name], trial, str(built))


def _project(file: Path) -> str:
    """Return the project that a wheel or an sdist belongs to."""
    return re.split(r"-\d", file.name)[0].replace("_", "-")


def _attempt(name: str, file: Path, trial: str, folder: str) -> None:
    """Install one file, its own dependencies from the same folder, and run the trial."""
    with tempfile.TemporaryDirectory() as environment:
        python = f"{environment}/bin/python"
        # uv takes seconds where pip takes minutes.
        uv = shutil.which("uv")
        install = (uv, "pip", "install", "--python", python) if uv else (python, "-m", "pip", "install")
        version = f"import importlib.metadata as i; assert i.version({name!r}) in {file.name!r}"
        for command in (
            (sys.executable, "-m", "venv", environment),
            (*install, "--quiet", "--find-links", folder, str(file)),
            (python, "-c", f"{version}\n{trial}"),
        ):
            subprocess.run(command, check=True, cwd=environment)  # noqa: S603 - our own commands
    print(f"{file.name}: installed and used")


if __name__ == "__main__":
    main(*sys.argv[1:])
