"""docs/troubleshooting.md quotes the texts of the server and of the command word for word, and explains every 403."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mascot_server
import mascot_visemes

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
OTHERS = {"signed_url", "ws://", "visemes", 'mascot_chunks_without_visemes_total{reason="undecodable"}'}
"""Words in the first column that are not texts of these packages."""
OF_UVICORN = {"keepalive ping timeout"}


def quoted() -> list[str]:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line[:2] == "| "]
    return [
        text for cell in rows for text in re.findall(r"`([^`]+)`", cell) if text not in OTHERS | OF_UVICORN
    ]


def files() -> Iterator[str]:
    for package in (mascot_server, mascot_visemes):
        for file in Path(next(iter(package.__path__))).rglob("*.py"):
            yield file.read_text(encoding="utf-8")


def texts_of(error: str) -> set[str]:
    """The constant texts that the server raises this error with."""
    calls = (node for text in files() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == error
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


@pytest.fixture(scope="module")
def source() -> str:
    # Texts continue over string literals and lines.
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(files()))


def test_there_are_texts_to_look_for() -> None:
    assert len(quoted()) > 30


@pytest.mark.parametrize("text", quoted())
def test_the_text_is_in_the_source(text: str, source: str) -> None:
    # Values follow these.
    for piece in re.split("…|(?<=is unreachable: )|(?<=of this API key: )", text):
        assert piece.strip() in source


def test_every_403_is_explained() -> None:
    texts = texts_of("Forbidden")
    assert len(texts) >= 5
    assert {text for text in texts if text.split(";")[0] not in PAGE} == set()


def test_every_rejection_of_a_handshake_because_of_its_origin_is_explained() -> None:
    section = PAGE.split("## The WebSocket handshake is rejected")[1].split("\n## ")[0]
    assert "This API key may not be used from this web page" in section
    assert "403 with an empty body" in section
