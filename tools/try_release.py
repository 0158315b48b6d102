"""Install each package that was built into an environment of its own and use it: `python -m tools.try_release DIST '*.whl'`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

TRIALS: Final = {
    "mascot-visemes": "import mascot_visemes as m; assert m.load('lite').predict(bytes(32000), sample_rate=16000) == []",
    "mascot-client": "import mascot_client as m; m.MascotClient(base_url='http://127.0.0.1', api_key='k').close()",
    "mascot-server": "import subprocess; subprocess.run(['mascot-server', '--help'], check=True, stdout=-3)",
    "pipecat-mascot": "import pipecat_mascot",
    "livekit-plugins-mascot": "import livekit.plugins.mascot",
}
"""What each package is asked to do, after which its version must be the one in its file name."""


def main(folder: str, pattern: str) -> None:
    """Try every file of the folder that fits the pattern."""
    files = sorted(Path(folder).glob(pattern))
    names = {path.name.replace("_", "-").partition("-0")[0]: path for path in files}
    for name, trial in TRIALS.items():
        attempt(name, names[name], trial, folder)


def attempt(name: str, file: Path, trial: str, folder: str) -> None:
    """Install one file, its own dependencies from the same folder, and run the trial."""
    with tempfile.TemporaryDirectory() as environment:
        python = Path(environment) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--find-links", folder]
        subprocess.run([*install, file], check=True)
        version = f"import importlib.metadata as i; assert i.version({name!r}) in {file.name!r}"
        subprocess.run([python, "-W", "error", "-c", f"{version}\n{trial}"], check=True, cwd=environment)
    print(f"{file.name}: installed and used")


if __name__ == "__main__":
    main(*sys.argv[1:])
