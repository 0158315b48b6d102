"""Find the dev and test speech of each language, with phone times from the corpora or from ``reference/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from bench.corpus import folder_for, listings, utterances
from bench.splits import split_of

_REFERENCE = Path(__file__).parent / "reference"


class Corpus(NamedTuple):
    """A corpus's utterances of one split.

    Attributes:
        name: Name of its listing.
        folder: Folder that the audio names are relative to.
        entries: Each with ``audio``, ``phones`` and ``words``: [start s, end s] of each word.
    """

    name: str
    folder: Path
    entries: list[dict[str, Any]]


def corpora(language: str, root: Path | None, split: str) -> list[Corpus]:
    """Return the corpora of a language that have utterances of a split.

    Args:
        language: One of `bench.splits.languages`.
        root: Folder with a folder for each language; Indonesian needs none, because its speech is in this repository.
        split: ``dev`` or ``test``.

    Raises:
        SystemExit: The speech is missing.
    """
    if language == "id":
        folder = folder_for("indonesian")
    elif root is None:
        raise SystemExit(
            f"--corpus is missing: a folder with speech of {language!r} in its folder {language}"
        )
    else:
        folder = root / language
    references: dict[str, list[dict[str, Any]]] = {}
    for line in (_REFERENCE / f"{language}.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["split"] == split:
            references.setdefault(entry["corpus"], []).append(entry)
    if any("phones" not in entry for entries in references.values() for entry in entries):
        references = _with_phones(language, folder, split, references)
    if not folder.is_dir():
        raise SystemExit(f"--corpus: there is no folder {folder}")
    return [Corpus(name, folder, entries) for name, entries in sorted(references.items())]


def _with_phones(
    language: str, folder: Path, split: str, references: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """Return the utterances of corpora that have phone times of their own."""
    words = {entry["audio"]: entry["words"] for entries in references.values() for entry in entries}
    result = {}
    for listing in listings(folder, "dev"):
        found = [
            entry | {"words": words.get(entry["audio"], [])}
            for entry in utterances(listing, "dev")
            if split_of(language, listing.stem, entry) == split
        ]
        if found:
            result[listing.stem] = found
    return result
