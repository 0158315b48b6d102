"""What a package index shows of each package, and that all packages agree."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKSPACE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
VERSION = WORKSPACE["tool"]["bumpversion"]["current_version"]
SITE = (ROOT / "mkdocs.yml").read_text("utf-8")
REPOSITORY = re.search(r"^repo_url: (\S+)$", SITE, re.MULTILINE)[1]  # type: ignore[index]
DOCUMENTATION = re.search(r"^site_url: (\S+)$", SITE, re.MULTILINE)[1]  # type: ignore[index]
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))


@pytest.fixture(params=PACKAGES, ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def project(folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def test_all_packages_have_the_version_of_the_workspace(project: dict[str, Any]) -> None:
    assert project["version"] == VERSION
    for requirement in project["dependencies"]:
        if requirement.startswith("mascot-"):
            assert requirement.endswith(f"=={VERSION}")


def test_npm_packages_have_the_version_of_the_workspace() -> None:
    for manifest in ROOT.glob("packages/*/package.json"):
        content = json.loads(manifest.read_text("utf-8"))
        assert content["version"] == VERSION
        assert REPOSITORY in content["repository"]["url"]


def test_the_addresses_are_those_of_the_site(project: dict[str, Any]) -> None:
    assert project["urls"] == {
        "Homepage": REPOSITORY,
        "Documentation": DOCUMENTATION,
        "Source": f"{REPOSITORY}/tree/main/packages/{project['name']}",
        "Issues": f"{REPOSITORY}/issues",
        "Changelog": f"{REPOSITORY}/blob/main/CHANGELOG.md",
    }


def test_the_description_and_the_supported_versions_are_complete(project: dict[str, Any]) -> None:
    assert project["description"]
    assert project["authors"]
    versions = {f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)}
    assert versions <= set(project["classifiers"])


def test_links_of_the_readme_work_on_a_package_index(folder: Path) -> None:
    readme = (folder / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)", readme):
        assert target.startswith(("https://", "#")), f"{target} must be an absolute link"
    assert DOCUMENTATION in readme


def test_links_to_the_repository_lead_to_files_that_exist() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md")]
    for page in pages:
        for path in re.findall(rf"{REPOSITORY}/(?:blob|tree)/main/([^)\s#]+)", page.read_text("utf-8")):
            assert (ROOT / path).exists(), f"{page.name} links to {path}"


def test_news_fragments_have_a_known_kind() -> None:
    kinds = {kind["directory"] for kind in WORKSPACE["tool"]["towncrier"]["type"]}
    for fragment in (ROOT / "changelog.d").iterdir():
        if fragment.name != "README.md":
            assert fragment.name.split(".")[-2] in kinds
