"""Estimate the models of English sounds, which initialise all languages, from English training speech."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from tools.align.estimate import Models, labelled_models
from tools.align.speech import recordings

if TYPE_CHECKING:
    from pathlib import Path

_SHARE = {
    "librispeech-dev-clean": 35,
    "librispeech-train-clean-100": 60,
    "kathleen": 10,
    "speechocean762": 4,
}
"""Per cent of each English corpus's training utterances that are used for models: an hour and a half in all."""


def english_models(folder: Path) -> Models:
    """Return models of English sounds by their ARPAbet names.

    Args:
        folder: Folder of the English corpora; only training speech is used, the same in every run.
    """
    return labelled_models((one.features, one.entry["phones"]) for one in recordings(folder, _chosen))


def _chosen(corpus: str, entry: dict[str, Any]) -> bool:
    return entry["split"] == "train" and zlib.crc32(entry["audio"].encode()) % 100 < _SHARE.get(corpus, 0)
