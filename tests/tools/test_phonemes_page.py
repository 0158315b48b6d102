"""The page on the sounds of all languages is made of the tables."""

from __future__ import annotations

from tools import phonemes_page


def test_the_page_is_up_to_date() -> None:
    assert phonemes_page.PAGE.read_text("utf-8") == phonemes_page.page(), "python -m tools.phonemes_page"
