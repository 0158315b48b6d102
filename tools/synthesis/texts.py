"""Select texts of the training split that every synthesiser reads in the same way."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CLEAN = re.compile(r"[A-Za-z][A-Za-z' ,.?!;:-]*")
_WORDS = range(3, 31)


def clean(text: str) -> str | None:
    """Return the text to speak, or None if synthesisers may read it in different ways.

    These are texts with digits, abbreviations or unusual signs, and texts shorter than 3 or longer than 30 words.
    Texts in capitals, as in some corpora, become lower case, so that they are not spelled out.
    """
    text = " ".join(text.split())
    text = text.lower() if text.isupper() else text
    words = text.split()
    abbreviated = any(word.isupper() and len(word) > 1 and word.isalpha() for word in words)
    if abbreviated or len(words) not in _WORDS or not _CLEAN.fullmatch(text):
        return None
    return text


def draw(folder: Path, seed: str) -> list[str]:
    """Return every clean text of the training split in `folder` once, in an order drawn with `seed`.

    Raises:
        SystemExit: `folder` holds no corpus with such texts.
    """
    texts = {
        text
        for listing in folder.glob("*.jsonl")
        for entry in map(json.loads, listing.read_text(encoding="utf-8").splitlines())
        if entry["split"] == "train" and (text := clean(entry["text"]))
    }
    if not texts:
        raise SystemExit(
            f"{folder}: no <corpus>.jsonl with texts of the train split; give --corpus a folder that has"
        )
    ordered = sorted(texts)
    random.Random(seed).shuffle(ordered)  # noqa: S311 - no secret
    return ordered
