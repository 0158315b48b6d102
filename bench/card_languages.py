"""The tables of a model's card that compare languages and conditions, from what `bench.accuracy` printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.conditions import CONDITIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = {
    "ar": "Arabic (single words)",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "id": "Indonesian (synthetic)",
    "it": "Italian (one voice)",
    "nl": "Dutch (one voice)",
    "pt": "Portuguese",
    "ru": "Russian (one voice)",
    "zh": "Mandarin (single words, one voice)",
}
_FIGURES = {
    "frame_accuracy_oculus15": "frame accuracy",
    "coarse7": "coarse7",
    "bilabial_recall": "bilabial recall",
    "bilabial_precision": "bilabial precision",
    "lip_teeth_recall": "F, V recall",
    "lip_teeth_precision": "F, V precision",
    "open_in_silence": "open in silence",
}
_OF_CONDITIONS = {
    "frame_accuracy_oculus15": "frame accuracy",
    "bilabial_recall": "bilabial recall",
    "bilabial_precision": "bilabial precision",
    "open_in_silence": "open in silence",
    "closed_when_loud": "closed when loud",
    "held_open": "held vowels open",
    "final_bilabial_recall": "final bilabial recall",
}
_ABOUT_LANGUAGES = """\
Chunks of 100 ms. Epochs and constants are chosen on *dev*. *test* decides nothing for models trained since it was set
apart; for earlier ones, English and Indonesian *test* speech was part of *dev*. The phones of English are those of its
corpora, those of Indonesian the synthesiser's own; those of other languages come from forced alignment by a classic
aligner ([how](../../bench/reference/README.md)), in which no network of this repository has a part. Alignment makes
errors, and the corpora differ in difficulty: compare two models on one language, not two languages."""
_ABOUT_CONDITIONS = """\
Each figure is the mean over languages of the *{split}* speech. Closed when loud: the share of loud vowel frames with
the mouth closed. Held vowels open: the share of their frames with the mouth open. Final bilabial recall: bilabial
recall at the end of words said alone that end in p, b or m. In `tones` nobody speaks: the figure is the share of the
frames that sound with the mouth open. A row with fewer recordings is of some utterances of each corpus, evenly
spread. What each condition does to the audio is described in `bench/conditions.py`."""


def results(paths: Sequence[Path], model: str) -> list[dict[str, Any]]:
    """Read what ``bench.accuracy --json`` printed with ``--language`` or ``--condition tones``.

    Raises:
        SystemExit: A file cannot be read, or is of another model or without languages.
    """
    found = []
    for path in paths:
        try:
            result = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SystemExit(
                f"--results: {path} is not what bench.accuracy --json prints ({error})"
            ) from None
        if result.get("model") != model:
            raise SystemExit(f"--results: {path} is of model {result.get('model')!r}, not {model!r}")
        if "languages" not in result and result.get("condition") != "tones":
            raise SystemExit(f"--results: {path} has no languages: run bench.accuracy with --language all")
        found.append(result)
    return found


def language_rows(found: list[dict[str, Any]], split: str) -> list[list[str]]:
    """Return a row for each language of a split under ``clean``, the mean last; no rows if it was not measured."""
    result = next((r for r in found if r["condition"] == "clean" and r["split"] == split), None)
    if result is None:
        return []
    rows = [
        [NAMES.get(code, code), *(_percent(figures.get(key)) for key in _FIGURES), str(figures["utterances"])]
        for code, figures in result["languages"].items()
    ]
    return [*rows, ["mean", *(_percent(result["mean"].get(key)) for key in _FIGURES), ""]]


def condition_rows(found: list[dict[str, Any]], split: str) -> list[list[str]]:
    """Return a row for each condition of a split, in the order of `CONDITIONS`."""
    rows = []
    for condition in CONDITIONS:
        result = next(
            (r for r in found if r["condition"] == condition and r["split"] in (split, "none")), None
        )
        if result is None:
            continue
        if condition == "tones":
            figures = {"open_in_silence": result["corpora"]["all"]["open_in_sound"]}
            count = ""
        else:
            figures = result["mean"]
            count = str(sum(one["utterances"] for one in result["languages"].values()))
        rows.append([f"`{condition}`", *(_percent(figures.get(key)) for key in _OF_CONDITIONS), count])
    return rows


def tone_rows(found: list[dict[str, Any]]) -> list[list[str]]:
    """Return a row for each sound of the condition ``tones``."""
    result = next((r for r in found if r["condition"] == "tones"), None)
    corpora = result["corpora"] if result else {}
    return [[name, _percent(f["open_in_sound"])] for name, f in corpora.items() if name != "all"]


def sections(found: list[dict[str, Any]]) -> list[tuple[str, str, tuple[str, ...], list[list[str]]]]:
    """Return the tables that there are figures for: heading, text, head and rows of each."""
    languages = ("language", *_FIGURES.values(), "utterances")
    conditions = ("condition", *_OF_CONDITIONS.values(), "recordings")
    split = next((s for s in ("test", "dev") if any(r["split"] == s for r in found)), "test")
    tables = [
        ("## Languages: test", _ABOUT_LANGUAGES, languages, language_rows(found, "test")),
        ("## Languages: dev", "", languages, language_rows(found, "dev")),
        ("## Conditions", _ABOUT_CONDITIONS.format(split=split), conditions, condition_rows(found, split)),
        ("## Sounds without speech", "", ("sound", "mouth open"), tone_rows(found)),
    ]
    return [table for table in tables if table[-1]]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
