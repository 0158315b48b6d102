"""Try packages that were built, each in an environment of its own: `python -m tools.try_release DIST '*.whl'`."""

from __future__ import annotations

import re
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
    "mascot-server": "import subprocess; subprocess.run(['mascot-server', '--help'], check=True, stdout=-3)",
    "pipecat-mascot": "import pipecat_mascot",
    "livekit-plugins-mascot": "import livekit.plugins.mascot",
}
"""What each package is asked to do, after which its version must be the one in its file name."""


def main(folder: str, pattern: str) -> None:
    """Try every file of the folder that fits the pattern."""
    files = {_project(path): path for path in Path(folder).glob(pattern)}
    for name, trial in TRIALS.items():
        _attempt(name, files[name], trial, folder)


def _project(file: Path) -> str:
    """Return the project that a wheel or an sdist belongs to."""
    return re.split(r"-\d", file.name)[0].replace("_", "-")


def _attempt(name: str, file: Path, trial: str, folder: str) -> None:
    """Install one file, its own dependencies from the same folder, and run the trial."""
    with tempfile.TemporaryDirectory() as environment:
        python = f"{environment}/bin/python"
        pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--find-links", folder)
        version = f"import importlib.metadata as i; assert i.version({name!r}) in {file.name!r}"
        for command in (
            (sys.executable, "-m", "venv", environment),
            (*pip, str(file)),
            (python, "-c", f"{version}\n{trial}"),
        ):
            subprocess.run(command, check=True, cwd=environment)  # noqa: S603 - our own commands
    print(f"{file.name}: installed and used")


if __name__ == "__main__":
    main(*sys.argv[1:])
