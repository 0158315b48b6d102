"""The programs and the links of the README at the root, as they stand there."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.servers import API_KEY, wait_for_room

if TYPE_CHECKING:
    from .conftest import Stage

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def section(heading: str) -> str:
    """The text between a heading and the next one."""
    return re.split(r"^#{2,3} ", README.partition(f"### {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def program(heading: str) -> str:
    """The Python program under a heading."""
    (code,) = re.findall(r"```python\n(.*?)```", section(heading), re.DOTALL)
    return str(code)


def run(code: str, folder: Path) -> list[tuple[int, int]]:
    """Run a program to its end; return the times and visemes that it prints."""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    lines = [re.fullmatch(r"(\d+) ms: viseme (\d+)", line) for line in ran.stdout.splitlines()]
    assert None not in lines, ran.stdout
    return [(int(line[1]), int(line[2])) for line in lines if line is not None]


def is_speech(events: list[tuple[int, int]]) -> None:
    """Many visemes, in order of time, none twice in a row."""
    assert len(events) > 10
    times, visemes = zip(*events, strict=True)
    assert list(times) == sorted(times)
    assert all(one != other for one, other in itertools.pairwise(visemes))
    assert set(visemes) <= set(range(22))


def test_the_python_app(stage: Stage, tmp_path: Path) -> None:
    wait_for_room(stage.server.origin)
    code = program("A Python app")
    assert "http://127.0.0.1:8000" in code
    code = code.replace("http://127.0.0.1:8000", stage.server.origin).replace("mascot-dev", API_KEY)
    is_speech(run(code, tmp_path))


def test_lip_sync_alone(tmp_path: Path) -> None:
    (recording,) = re.findall(r"^    cp (\S+) speech\.wav$", section("Lip sync alone"), re.MULTILINE)
    shutil.copy(ROOT / recording, tmp_path / "speech.wav")
    is_speech(run(program("Lip sync alone"), tmp_path))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run", "examples/README.md"])
def test_nox_is_installed_with_uv_which_makes_it_fast(page: str) -> None:
    commands = re.findall(r"pip install nox\b.*", (ROOT / page).read_text("utf-8"))
    assert commands
    assert all(command.startswith("pip install nox") for command in commands)


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link
