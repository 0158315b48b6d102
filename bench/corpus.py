"""Read speech with phone times: listings of utterances, and their audio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KEYS = ("audio", "split", "phones")
_DATA = Path(__file__).parent / "data"


def folder_for(model: str) -> Path:
    """Return the folder of speech in this repository for a model.

    Raises:
        SystemExit: There is none, so ``--corpus`` must name a folder.
    """
    folder = _DATA / model
    if not folder.is_dir():
        raise SystemExit(f"--corpus is missing: no speech for {model!r} comes with this repository")
    return folder


def listings(folder: Path, split: str) -> list[Path]:
    """Return the ``.jsonl`` files of a folder that have utterances of a split, in order of their names.

    Raises:
        SystemExit: There are none. The message names the splits that exist.
    """
    if not folder.is_dir():
        raise SystemExit(f"--corpus: there is no folder {folder}")
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise SystemExit(f"--corpus: no .jsonl files in {folder}")
    splits = {path: {entry["split"] for entry in _entries(path)} for path in paths}
    found = [path for path in paths if split in splits[path]]
    if not found:
        known = ", ".join(sorted(set().union(*splits.values()))) or "no utterances at all"
        raise SystemExit(f"--split: no utterances of {split!r}; {folder} has {known}")
    return found


def utterances(listing: Path, split: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the entries of one corpus and split, in order, at most `limit` of them, evenly spread."""
    return evenly([entry for entry in _entries(listing) if entry["split"] == split], limit)


def evenly(entries: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    """Return the entries, at most `limit` of them, evenly spread."""
    if limit is None or limit >= len(entries):
        return entries
    return [entries[i * len(entries) // limit] for i in range(limit)]


def read_audio(path: Path) -> tuple[NDArray[np.int16], int]:
    """Return samples and rate of a mono file in any format that libsndfile reads.

    Raises:
        SystemExit: The file cannot be read or is not mono, or `soundfile` is not installed.
    """
    try:
        import soundfile  # noqa: PLC0415 - so that --help works without it
    except ImportError:
        raise SystemExit("reading the corpus needs soundfile: pip install soundfile") from None
    try:
        pcm, rate = soundfile.read(path, dtype="int16")
    except soundfile.LibsndfileError as error:
        raise SystemExit(f"{path}: cannot be read ({error.error_string})") from None
    if pcm.ndim != 1:
        raise SystemExit(f"{path}: expected mono, got {pcm.shape[1]} channels")
    return pcm, rate


def _entries(listing: Path) -> list[dict[str, Any]]:
    entries = []
    for number, line in enumerate(listing.read_text("utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise SystemExit(f"{listing}, line {number}: no JSON ({error})") from None
        missing = [key for key in _KEYS if key not in entry]
        if missing:
            raise SystemExit(f"{listing}, line {number}: {missing[0]!r} is missing")
        entries.append(entry)
    return entries
