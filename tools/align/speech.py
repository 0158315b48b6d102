"""Read the corpora's recordings as features, normalised per speaker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.corpus import read_audio
from tools.align.mfcc import RATE, levels, mfcc, normalised

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class Recording(NamedTuple):
    """A line of a corpus's listing with its features, shape (frames, 39), and levels in dB, shape (frames,)."""

    corpus: str
    entry: dict[str, Any]
    features: NDArray[np.float32]
    levels: NDArray[np.float64]


def recordings(folder: Path, wanted: Callable[[str, dict[str, Any]], bool]) -> list[Recording]:
    """Return the recordings of a folder of corpora, in order of corpus and line.

    Args:
        folder: Folder with ``<corpus>.jsonl`` files and their audio, at 16 kHz.
        wanted: Called with corpus and line; returns whether to read it.

    Raises:
        SystemExit: A recording cannot be read or is not at 16 kHz.
    """
    found: list[tuple[str, dict[str, Any], NDArray[np.float32], NDArray[np.float64]]] = []
    for listing in sorted(folder.glob("*.jsonl")):
        for line in listing.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if wanted(listing.stem, entry):
                pcm, rate = read_audio(folder / entry["audio"])
                if rate != RATE:
                    raise SystemExit(f"{folder / entry['audio']}: expected {RATE} Hz, got {rate}")
                found.append((listing.stem, entry, mfcc(pcm), levels(pcm)))
    speakers: dict[str, list[int]] = {}
    for index, (_, entry, _, _) in enumerate(found):
        speakers.setdefault(entry["speaker"], []).append(index)
    features = [one[2] for one in found]
    for indices in speakers.values():
        for index, better in zip(indices, normalised([features[i] for i in indices]), strict=True):
            features[index] = better
    return [
        Recording(corpus, entry, better, level)
        for (corpus, entry, _, level), better in zip(found, features, strict=True)
    ]
