"""What the server knows of a provider stands in that provider's folder, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import mascot_server
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(next(iter(mascot_server.__path__)))

TEXT_TO_SPEECH = (Path("tts"), Path("http/rest/synthesis_request.py"), Path("http/rest/visemes_audio.py"))
"""Engines that speak texts are no providers of conversations, though one company may be both."""

CONSTANTS = Path("simulators/__init__.py")
"""Gives the credentials of the simulated providers the names that tests and apps import."""


def outside() -> Iterator[tuple[Path, ast.Module]]:
    """All modules outside the providers' folders."""
    folders = {Path("providers") / name for name in PROVIDERS}
    for path in SOURCES.rglob("*.py"):
        relative = path.relative_to(SOURCES)
        if not folders & set(relative.parents):
            yield relative, ast.parse(path.read_text())


def test_no_other_module_names_a_provider() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in outside()
        if not any(path.is_relative_to(place) for place in TEXT_TO_SPEECH)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in PROVIDERS
    ]
    assert found == []


def test_no_other_module_imports_from_a_provider() -> None:
    modules = tuple(f"mascot_server.providers.{name}" for name in PROVIDERS)
    found = [
        f"{path}:{node.lineno}"
        for path, tree in outside()
        if path != CONSTANTS
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(modules)
    ]
    assert found == []


def test_no_other_module_asks_which_provider_it_has() -> None:
    kinds = {type(provider).__name__ for provider in PROVIDERS.values()}
    kinds |= {provider.config.__name__ for provider in PROVIDERS.values()}
    found = [
        f"{path}:{node.lineno}"
        for path, tree in outside()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in kinds
    ]
    assert found == []
