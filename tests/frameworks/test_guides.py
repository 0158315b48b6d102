"""The programs of the guides for agent frameworks, as they stand there, each in an environment of its own."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mascot_server import simulators

from .support import API_KEY, certificate, environment_of, run_program, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
LINE = re.compile(r"^(\d+(?:\.\d+)?) ms: viseme (\d+)$")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the guides export for those without an account."""
    files = certificate(tmp_path_factory.mktemp("tls"))
    with running_server(tls_cert=files.tls_cert, tls_key=files.tls_key) as server:
        yield {
            "MASCOT_BASE_URL": server.origin,
            "MASCOT_API_KEY": API_KEY,
            "OPENAI_API_KEY": simulators.OPENAI_API_KEY,
            "GEMINI_API_KEY": simulators.GEMINI_API_KEY,
            "SSL_CERT_FILE": str(files.authority),
            "NODE_EXTRA_CA_CERTS": str(files.authority),
        }


def program(guide: str, language: str) -> str:
    text = (GUIDES / f"{guide}.md").read_text("utf-8")
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(code)


def is_a_turn(printed: str) -> None:
    """A whole greeting: many visemes, in order of time, none twice in a row."""
    events = [match.groups() for match in map(LINE.match, printed.splitlines()) if match]
    times, visemes = [float(time) for time, _ in events], [int(viseme) for _, viseme in events]
    assert len(events) > 10, printed
    assert times == sorted(times)
    assert all(one != other for one, other in itertools.pairwise(visemes))
    assert set(visemes) <= set(range(22))


@pytest.mark.parametrize(("guide", "environment"), [("openai-agents", "agents"), ("google-adk", "adk")])
def test_the_python_program(guide: str, environment: str, settings: dict[str, str], tmp_path: Path) -> None:
    python = environment_of(environment) / "bin" / "python"
    file = tmp_path / "program.py"
    file.write_text(program(guide, "python"))
    is_a_turn(run_program([str(python), str(file)], settings))


def test_the_javascript_program(settings: dict[str, str], tmp_path: Path) -> None:
    # Node looks for packages beside the program.
    (tmp_path / "node_modules").symlink_to(environment_of("node") / "node_modules")
    file = tmp_path / "program.mjs"
    file.write_text(program("openai-agents", "js"))
    is_a_turn(run_program(["node", str(file)], settings))
