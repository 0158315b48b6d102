"""Packages that are installed and do not load: which one, and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.servers import API_KEY, SECRET

if TYPE_CHECKING:
    from pathlib import Path

MISSING_LIBRARY = 'raise ImportError("libgomp.so.1: cannot open shared object file: No such file\\nand more")'


def run(folder: Path, broken: str, *arguments: str, source: str = MISSING_LIBRARY) -> tuple[int, str, str]:
    """Run the command with a package that does not load."""
    package = folder / "broken" / broken
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    environment |= {
        "MASCOT_SECRET": SECRET,
        "MASCOT_API_KEYS": API_KEY,
        "MASCOT_PORT": "0",
        "PYTHONPATH": os.pathsep.join([str(package.parent), *sys.path]),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "mascot_server", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize("broken", ["numpy", "onnxruntime", "httptools"])
def test_the_start_says_which_package_does_not_load(tmp_path: Path, broken: str) -> None:
    status, out, err = run(tmp_path, broken, "serve")
    assert (status, out) == (2, "")
    assert err == (
        f"{broken} cannot be loaded: libgomp.so.1: cannot open shared object file: No such file; install it again for "
        f"this Python and platform: pip install --force-reinstall {broken}\n"
    )


def test_workers_say_it_and_are_not_started_again(tmp_path: Path) -> None:
    status, _, err = run(tmp_path, "onnxruntime", "serve", "--workers", "2")
    assert status == 2
    assert "onnxruntime cannot be loaded: libgomp.so.1" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (
            "onnxruntime",
            "problem  onnxruntime cannot be loaded: libgomp.so.1: cannot open shared object file",
        ),
        ("uvloop", "note     uvloop cannot be loaded: libgomp.so.1: cannot open shared object file"),
        ("soundfile", "note     soundfile cannot be loaded: libgomp.so.1: cannot open shared object file"),
    ],
)
def test_check_says_so_too(tmp_path: Path, broken: str, line: str) -> None:
    status, out, err = run(tmp_path, broken, "check", "--offline")
    assert line in out
    assert status == line.startswith("problem")
    assert err == ""


def test_a_package_that_is_not_there_is_to_be_installed(tmp_path: Path) -> None:
    missing = "raise ModuleNotFoundError(\"No module named 'httptools'\", name='httptools')"
    _, _, err = run(tmp_path, "httptools", "check", source=missing)
    assert err == "httptools is not installed: pip install httptools\n"


def test_an_error_of_another_kind_is_not_hidden(tmp_path: Path) -> None:
    _, _, err = run(tmp_path, "litestar", "check", source="raise ImportError('something else')")
    assert "Traceback" in err
    assert "ImportError: something else" in err
