"""Finding a Chromium, and how it is started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tools.browser import find_chromium, launch_arguments

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are looked for in; it is empty."""
    monkeypatch.delenv("MASCOT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(file: Path) -> Path:
    file.touch(mode=0o755)
    return file


def test_where_there_is_none_there_is_none(path: Path) -> None:  # noqa: ARG001 - it is empty
    assert find_chromium() is None


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_it_is_found_by_its_names(path: Path, name: str) -> None:
    assert find_chromium() is None
    assert program(path / name) == find_chromium()


def test_the_environment_comes_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path / "chromium")
    other = program(path / "mine")
    monkeypatch.setenv("MASCOT_CHROMIUM", str(other))
    assert find_chromium() == other
    monkeypatch.setenv("MASCOT_CHROMIUM", str(path / "gone"))
    with pytest.raises(FileNotFoundError, match="MASCOT_CHROMIUM: there is no "):
        find_chromium()


def test_it_runs_without_a_sandbox_only_where_it_could_not_with_one() -> None:
    assert ("--no-sandbox" in launch_arguments()) == (os.geteuid() == 0)


def test_the_microphone_is_given_only_on_request() -> None:
    assert not [argument for argument in launch_arguments() if "media-stream" in argument]
    assert "--use-fake-device-for-media-stream" in launch_arguments(microphone=True)
