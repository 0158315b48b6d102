"""examples/README.md: every example is in it, its commands exist, and it shows what they print."""

from __future__ import annotations

import re
import subprocess

import pytest
from support.programs import ROOT, command, environment, run_example

EXAMPLES = ROOT / "examples"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\| `python -m examples\.(\w+)` \|", README, re.MULTILINE)


def shown(example: str) -> list[str]:
    """The first block of output under an example's heading."""
    found = re.search(rf"^### {example}\n.*?```text\n(.*?)```", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1].splitlines()


def test_every_program_is_listed() -> None:
    programs = {
        path.stem for path in EXAMPLES.glob("*.py") if "def main()" in path.read_text(encoding="utf-8")
    }
    programs |= {path.parent.name for path in EXAMPLES.glob("*/__main__.py")}
    assert programs == set(COMMANDS)


@pytest.mark.parametrize("example", COMMANDS)
def test_its_command_exists(example: str) -> None:
    helped = subprocess.run(
        command(example, "--help"), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert helped.returncode == 0, helped.stderr
    assert helped.stdout.startswith("usage: ")


@pytest.mark.parametrize("example", ["lip_sync_file", "rive_bridge"])
def test_it_prints_what_is_shown(example: str) -> None:
    lines = shown(example)
    assert run_example(example).stdout.splitlines()[: len(lines)] == lines


@pytest.mark.parametrize(
    ("example", "form"),
    [
        (
            "terminal_avatar",
            r"you: What can you do\?|  0\.0 s  [ ▁▂▃▄▅▆▇█]{,75}| {9}[·aAOeRiuowyIhrlsSTfdkm]{75}",
        ),
        ("backend", r"simulated: elevenlabs, gemini, openai|listening on http://127\.0\.0\.1:8080"),
        ("pipecat_visemes", r"  \d\.\d\d s  \w+ +#*"),
    ],
)
def test_what_is_shown_has_the_form_that_it_prints(example: str, form: str) -> None:
    for line in shown(example):
        assert re.fullmatch(form, line)


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (EXAMPLES / link).exists()
