"""The check of words: what it finds, what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.words import findings


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("page.md", "The model\nhears the audio.\n", [2]),
        ("page.md", "```\nit hears\n```\nIt processes.\n", []),
        ("page.md", "Frames right: 3 %\nThe app is told.\n", [1, 2]),
        ("code.py", '"""Say what the model hears."""\n', [1]),
        ("code.py", "x = 1  # whoever calls this\n", [1]),
        ("code.py", 'raise ValueError("the app is told")\n', [1]),
        ("code.py", "hears = 1\n", []),
        ("code.py", '"""Return the deadline queue."""\n', []),
    ],
)
def test_banned_words_are_found_where_people_read_them(name: str, text: str, lines: list[int]) -> None:
    assert [one.line for one in findings(Path(name), text)] == lines


def test_each_finding_names_the_standard_term() -> None:
    (one,) = findings(Path("page.md"), "Bilabials found: 90 %")
    assert (one.found, one.instead) == ("Bilabials found", "recall")
