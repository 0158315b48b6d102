"""Claims of the documentation that other files decide: versions, commands and names."""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {path.parent.name: path.parent for path in ROOT.glob("packages/*/pyproject.toml")}
PAGES = [ROOT / "README.md", *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md")]
_INSTALLED = re.compile(
    r"pip install .*?\b(mascot-(?:server|client|visemes)|pipecat-mascot|livekit-plugins-mascot)\b"
)


def project(package: str) -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((PACKAGES[package] / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return content


def local(package: str) -> set[str]:
    """A package and those of this repository that it depends on."""
    names = {
        re.split(r"[=<>\[ ]", requirement)[0] for requirement in project(package).get("dependencies", [])
    }
    return {package} | (names & set(PACKAGES))


def commands(page: Path) -> list[str]:
    """Commands in indented blocks, without what they are run by."""
    return re.findall(r"^    (?:\S*/)?(pip install .*)$", page.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_installed_by_name_can_be_installed_from_a_checkout(page: Path) -> None:
    found = commands(page)
    by_name = {match[1] for command in found if "./" not in command and (match := _INSTALLED.search(command))}
    by_path = [set(re.findall(r"\./packages/([\w-]+)", command)) for command in found if "./" in command]
    for package in by_name:
        assert any(local(package) <= paths for paths in by_path), f"{page}: {package} from a checkout"
    assert all(paths <= set(PACKAGES) for paths in by_path)


def lower_bound(package: str, requirement: str) -> str:
    content = project(package)
    extras = content.get("optional-dependencies", {}).values()
    lines = [*content.get("dependencies", []), *itertools.chain.from_iterable(extras)]
    (bound,) = {
        match[1]
        for line in lines
        if (match := re.match(rf"{re.escape(requirement)}(?:\[\w+\])?>=([\d.]+)", line))
    }
    return bound


@pytest.mark.parametrize(
    ("package", "requirement", "claim"),
    [
        ("mascot-client", "elevenlabs", r"elevenlabs from ([\d.]+\d)"),
        ("mascot-client", "google-genai", r"google-genai from ([\d.]+\d)"),
        ("mascot-client", "openai", r"openai from ([\d.]+\d)"),
        ("pipecat-mascot", "pipecat-ai", r"Pipecat ([\d.]+\d) or newer"),
        ("livekit-plugins-mascot", "livekit-agents", r"LiveKit Agents ([\d.]+\d) or newer"),
    ],
)
def test_the_versions_in_readmes_are_the_declared_ones(package: str, requirement: str, claim: str) -> None:
    readme = (PACKAGES[package] / "README.md").read_text("utf-8")
    found = re.search(claim, readme)
    assert found is not None
    assert found[1] == lower_bound(package, requirement)


def test_the_sdks_are_tried_from_the_declared_version_to_the_newest() -> None:
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    (value,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "SDKS"
    ]
    for name, versions in ast.literal_eval(value).items():
        assert versions[0].startswith(lower_bound("mascot-client", name))
        assert versions[-1] == ""


def test_the_change_of_the_secret_is_described_once() -> None:
    step = re.compile(r"\bold,new\b")
    files = [
        *PAGES,
        *(ROOT / "examples/deploy").glob("**/*.md"),
        *(ROOT / "examples/deploy").glob("**/*.yaml"),
    ]
    assert [page.name for page in files if step.search(page.read_text("utf-8"))] == ["keys.md"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("**/*.md")), ids=lambda page: page.name)
def test_quoted_log_lines_are_in_the_source(page: Path) -> None:
    source = "\n".join(file.read_text("utf-8") for file in ROOT.glob("packages/*/src/**/*.py"))
    for line in re.findall(r"\bthe log says `([^`]+)`", page.read_text("utf-8")):
        assert [piece for piece in line.split("…") if piece not in source] == []


def test_the_user_of_the_service_is_created() -> None:
    page = (ROOT / "docs/self-hosting.md").read_text("utf-8")
    (user,) = re.findall(r"^User=(\w+)$", page, re.MULTILINE)
    assert re.search(rf"^    useradd --system .* {user}$", page, re.MULTILINE)
    (file,) = re.findall(r"^EnvironmentFile=(\S+)$", page, re.MULTILINE)
    assert re.search(rf"^    install -m 600 /dev/null {re.escape(file)}$", page, re.MULTILINE)
