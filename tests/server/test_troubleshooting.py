"""docs/troubleshooting.md quotes what the server says, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mascot_server

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
OTHERS = {"signed_url", "ws://", "visemes", 'mascot_chunks_without_visemes_total{reason="undecodable"}'}
"""What stands in the first column and is no text of ours."""
OF_UVICORN = {"keepalive ping timeout"}


def quoted() -> list[str]:
    rows = [line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    return [
        text for cell in rows for text in re.findall(r"`([^`]+)`", cell) if text not in OTHERS | OF_UVICORN
    ]


@pytest.fixture(scope="module")
def source() -> str:
    files = Path(next(iter(mascot_server.__path__))).rglob("*.py")
    # Texts go on over string literals and lines.
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return re.sub(r'"\s*\n\s*f?"', "", text)


def test_there_are_texts_to_look_for() -> None:
    assert len(quoted()) > 30


@pytest.mark.parametrize("text", quoted())
def test_the_server_says_so(text: str, source: str) -> None:
    # What stands behind these is put in.
    for piece in re.split("…|(?<=is unreachable: )|(?<=of this API key: )", text):
        assert piece.strip() in source
