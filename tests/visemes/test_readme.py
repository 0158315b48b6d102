"""What the README shows, run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mascot_visemes.cli import main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

README = (Path(__file__).parents[2] / "packages" / "mascot-visemes" / "README.md").read_text("utf-8")


def test_programs_run(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(speech.tobytes())
    programs = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert programs
    for program in programs:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


def _laid_out_alike(help_text: str) -> str:
    """Without what differs between versions of Python: where lines are broken, and how short options are shown."""
    return re.sub(r"-(\w) [A-Z]+, --", r"-\1, --", " ".join(help_text.split()))


def test_help_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert _laid_out_alike(capsys.readouterr().out) in _laid_out_alike(README)


def test_links_hold_on_a_page_of_its_own() -> None:
    links = re.findall(r"\]\(([^)]*)\)", README)
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
