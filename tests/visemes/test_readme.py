"""What the README shows, run as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from mascot_visemes.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "packages" / "mascot-visemes" / "README.md").read_text("utf-8")
GREETING = ROOT / "packages/mascot-server/src/mascot_server/simulators/assets/en/1-greeting.wav"

# Text, and what a command or program prints first or somewhere, indented.
_SAMPLE = r"[^`]*begins:\n\n((?:    .*\n)+)"
_EXCERPT = r"[^`]*it prints:\n\n((?:    .*\n)+)"


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``speech.wav`` in the working directory: the voice that the README describes."""
    shutil.copy(GREETING, tmp_path / "speech.wav")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("recording")
def test_programs_print_what_is_shown() -> None:
    _, *parts = README.split("```python\n")
    shown = 0
    for part in parts:
        program, text = part.split("```", 1)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout
        if sample := re.match(_SAMPLE, text):
            assert done.stdout.startswith(dedent(sample[1]))
            shown += 1
        elif sample := re.match(_EXCERPT, text.removeprefix("\n")):
            assert dedent(sample[1]) in done.stdout
            shown += 1
    assert shown == 3


@pytest.mark.usefixtures("recording")
@pytest.mark.parametrize(
    ("options", "before"),
    [
        ((), "prints one JSON object for each change"),
        (("--format", "rhubarb-tsv"), "`mascot-visemes speech.wav --format rhubarb-tsv` writes it:"),
        (("--format", "csv", "--shapes", "oculus"), "`--format csv --shapes oculus` begins:"),
    ],
    ids=["jsonl", "rhubarb-tsv", "csv"],
)
def test_commands_print_what_is_shown(
    options: tuple[str, ...], before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = re.search(r"^(?:    .*\n)+", README[README.index(before) :], re.MULTILINE)
    assert sample
    assert main(["speech.wav", *options]) == 0
    assert capsys.readouterr().out.startswith(dedent(sample[0]))


def _laid_out_alike(help_text: str) -> str:
    """Without what differs between versions of Python: where lines are broken, and how short options are shown."""
    return re.sub(r"-(\w) [A-Z]+, --", r"-\1, --", " ".join(help_text.split()))


def test_help_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert _laid_out_alike(capsys.readouterr().out) in _laid_out_alike(README)


def test_the_error_for_m4a_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("talk.m4a").write_bytes(b"\0\0\0\x1cftypM4A " + bytes(1000))
    assert main(["talk.m4a"]) == 2
    assert f"$ mascot-visemes talk.m4a\n{capsys.readouterr().err}$ ffmpeg" in README


def test_links_hold_on_a_page_of_its_own() -> None:
    links = re.findall(r"\]\(([^)]*)\)", README)
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
