"""Select the *dev* and *test* utterances: the frozen lists in ``reference/splits.json``.

The epoch and the constants of the decoder are chosen on *dev*. *test* is scored when a model is finished and is not
used for any choice. Both are excluded from training. A corpus is split by speaker. If it has one speaker, it is split
by utterance, and *dev* and *test* share the voice:

========================  ==========================================================================================
en                        the ``dev`` utterances of the corpora, by speaker; times and other splits are the corpora's
de, pt (fleurs), ar       by speaker
es, fr                    *test* is fleurs (ten speakers), *dev* is asterisk (one other speaker)
it, zh                    one speaker, by utterance
nl, ru                    one speaker, who is also in training: a sixth and a quarter of the utterances are held out
id                        the synthetic speech in ``data/indonesian``, by the synthesiser's voice
========================  ==========================================================================================
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "reference" / "splits.json"

SPLITS = ("dev", "test")


@cache
def _splits() -> dict[str, dict[str, dict[str, Any]]]:
    splits: dict[str, dict[str, dict[str, Any]]] = json.loads(_FILE.read_text("utf-8"))
    return splits


def languages() -> tuple[str, ...]:
    """Return the languages that have frozen splits, as ISO 639-1 codes in alphabetical order."""
    return tuple(sorted(_splits()))


def split_of(language: str, corpus: str, entry: dict[str, Any]) -> str | None:
    """Return ``dev`` or ``test`` for a line of a corpus's listing, or None if it belongs to neither.

    Args:
        language: ISO 639-1 code.
        corpus: Name of the listing without ``.jsonl``.
        entry: The line, with ``audio`` and ``speaker``.
    """
    listed = _splits().get(language, {}).get(corpus)
    if listed is None:
        return None
    value = entry.get(listed["by"])
    return next((split for split in SPLITS if value in listed[split]), None)
