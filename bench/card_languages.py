"""Make the tables of a model card that compare languages and conditions, from the output of `bench.accuracy`."""

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
FIGURES = {
    "frame_accuracy_oculus15": "frame accuracy",
    "coarse7": "frame accuracy, 7 coarse shapes",
    "bilabial_recall": "bilabial recall",
    "bilabial_precision": "bilabial precision",
    "lip_teeth_recall": "labiodental (F, V) recall",
    "lip_teeth_precision": "labiodental (F, V) precision",
    "open_in_silence": "open in silence",
}
"""Column headings of the shares that every table of accuracy has."""
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
The audio comes in chunks of 100 ms. The epoch and the decoder's constants are chosen on *dev*. *test* is used for
scoring only. For models that are older than the *test* split, English and Indonesian *test* speech was part of *dev*.

English phones come from the corpora, Indonesian phones from the synthesiser. The phones of other languages come from
forced alignment by a classic aligner ([how it works](../../bench/reference/README.md)), without any network of this
repository. Alignment makes errors, and some corpora are harder than others. So compare two models on one language; do
not compare two languages."""
_ABOUT_CONDITIONS = """\
Each figure is the mean over the languages of the *{split}* speech.

- Closed when loud: the share of loud vowel frames with the mouth closed.
- Held vowels open: the share of the frames of held vowels with the mouth open.
- Final bilabial recall: bilabial recall at the end of isolated words that end in p, b or m.
- `tones` has no speech. Its figure is the share of audible frames with the mouth open.

Rows with fewer recordings use a subset of each corpus, evenly spread. `bench/conditions.py` describes what each
condition does to the audio."""


def results(paths: Sequence[Path], model: str) -> list[dict[str, Any]]:
    """Read the output of ``bench.accuracy --json`` with ``--language`` or ``--condition tones``.

    Raises:
        SystemExit: A file cannot be read, belongs to another model or has no languages.
    """
    found = []
    for path in paths:
        try:
            result = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SystemExit(
                f"--results: {path} is not the output of bench.accuracy --json ({error})"
            ) from None
        if result.get("model") != model:
            raise SystemExit(f"--results: {path} belongs to model {result.get('model')!r}, not {model!r}")
        if "languages" not in result and result.get("condition") != "tones":
            raise SystemExit(f"--results: {path} has no languages: run bench.accuracy with --language all")
        found.append(result)
    return found


def language_rows(found: list[dict[str, Any]], split: str) -> list[list[str]]:
    """Return a row for each language of a split under ``clean`` and the mean; no rows without a measurement."""
    result = next((r for r in found if r["condition"] == "clean" and r["split"] == split), None)
    if result is None:
        return []
    rows = [
        [NAMES.get(code, code), *(_percent(figures.get(key)) for key in FIGURES), str(figures["utterances"])]
        for code, figures in result["languages"].items()
    ]
    return [*rows, ["mean", *(_percent(result["mean"].get(key)) for key in FIGURES), ""]]


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
    """Return every table that has figures: its heading, text, head and rows."""
    languages = ("language", *FIGURES.values(), "utterances")
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
