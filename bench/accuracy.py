"""Measure viseme accuracy on speech with known phone times, in the chunks of a live stream.

::

    python -m bench.accuracy --corpus DIR --split dev --chunk-ms 100 --condition clean
    python -m bench.accuracy --corpus DIR --split dev --chunk-ms 100 --lookahead
    python -m bench.accuracy --corpus DIR --language all --split test

In the first form ``DIR`` holds ``<corpus>.jsonl``, one utterance per line: ``{"audio": …, "split": …, "phones":
[[start, end, "AH"], …]}``. Without ``--corpus`` it is ``bench/data/MODEL``, the speech in this repository, which
exists for ``indonesian`` only. Phones are in ARPAbet or IPA for every model.

With ``--language`` the speech of a language is in ``DIR/<language>``, the splits are those of
``bench/reference/splits.json`` and the phones those of ``bench/reference/<language>.jsonl``; English and Indonesian use
the phone times of their corpora. Choose epochs and constants on *dev*; report *test*. The mean weighs all languages
equally.

Figures are shares (0 to 1), except onset_error_ms (median of predicted minus true onset) and events_per_second.
Bilabial closures (P, B, M) and labiodental ones (F, V) are counted as intervals. Recall is the share of the true ones
that have a prediction within 40 ms. Precision is the share of the predicted ones that have a true one within 40 ms.
Classes are counted in frames of 10 ms; ``share`` is the class's share of all frames.

closed_when_loud is the share of loud vowel frames with the mouth closed. Loud is at most 12 dB below the 95th
percentile of the recording's levels; frames within 40 ms of a silence or a bilabial do not count. held_open is the
share of a held vowel's frames with the mouth open. final_bilabial_recall is bilabial recall at the end of isolated
words. open_in_sound (``tones``, without speech) is the share of audible frames with the mouth open.

With ``--lookahead`` each call except an utterance's first knows the audio that follows, like messages of a burst.

Conditions are described in `bench.conditions`; the audio is the same in every run. ``cpu_features`` names the CPU's
instructions: a network in integers can round differently with others.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mascot_visemes as mv
from bench.conditions import CONDITIONS
from bench.corpus import folder_for, listings
from bench.languages import corpora
from bench.machine import cpu_features
from bench.scoring import score_corpus, score_entries, score_tones
from bench.splits import SPLITS, languages
from bench.visemes import VISEMES, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = math.inf
"""Chunk length for a whole utterance in one call."""

_TIMES = {"onset_error_ms", "events_per_second", "utterances"}


def run(
    corpus: Path,
    split: str,
    chunk_ms: float,
    *,
    model: str = "default",
    limit: int | None = None,
    condition: str = "clean",
    lookahead: bool = False,
) -> dict[str, Any]:
    """Return the figures of every corpus in the folder that has utterances of the split."""
    found = listings(corpus, split)
    engine = mv.load(model, shapes="oculus")
    scores = {
        path.stem: score_corpus(
            engine, path, split, chunk_ms, limit=limit, condition=condition, lookahead=lookahead
        )
        for path in found
    }
    return _about(model, split, chunk_ms, condition, lookahead=lookahead) | _figures(scores)


def run_tones(chunk_ms: float, *, model: str = "default") -> dict[str, Any]:
    """Return the figures of every sound of `bench.tones`, and the total as ``all``."""
    scores = score_tones(mv.load(model, shapes="oculus"), chunk_ms)
    return _about(model, "none", chunk_ms, "tones") | _figures({"all": _together(scores)} | scores)


def run_languages(
    codes: Sequence[str],
    root: Path | None,
    split: str,
    chunk_ms: float,
    *,
    model: str = "default",
    limit: int | None = None,
    condition: str = "clean",
    lookahead: bool = False,
) -> dict[str, Any]:
    """Return the figures of each language, of its corpora, and the mean over languages.

    Args:
        codes: Some of `bench.splits.languages`.
        root: As for `bench.languages.corpora`.
        split: ``dev`` or ``test``.
        chunk_ms: As for `bench.scoring.score_corpus`.
        model: Its name.
        limit: Maximum number of utterances per corpus.
        condition: As for `bench.scoring.score_corpus`.
        lookahead: As for `bench.scoring.score_corpus`.
    """
    engine = mv.load(model, shapes="oculus")
    whole: dict[str, Score] = {}
    parts: dict[str, dict[str, Any]] = {}
    for language in codes:
        scores = {
            corpus.name: score_entries(
                engine,
                corpus.folder,
                corpus.entries,
                chunk_ms,
                limit=limit,
                condition=condition,
                lookahead=lookahead,
            )
            for corpus in corpora(language, root, split)
        }
        whole[language] = _together(scores)
        parts[language] = {name: _known(score) for name, score in scores.items()}
    figures = {language: _known(score) for language, score in whole.items()}
    return _about(model, split, chunk_ms, condition, lookahead=lookahead) | {
        "languages": figures,
        "mean": _mean(list(figures.values())),
        "classes": {language: score.classes() for language, score in whole.items()},
        "corpora": parts,
    }


def _about(
    model: str, split: str, chunk_ms: float, condition: str, *, lookahead: bool = False
) -> dict[str, Any]:
    chunk = "whole" if chunk_ms == WHOLE else chunk_ms
    about: dict[str, Any] = {"model": model, "split": split, "chunk_ms": chunk, "condition": condition}
    about["cpu_features"] = cpu_features()
    return about | ({"lookahead": True} if lookahead else {})


def _figures(scores: dict[str, Score]) -> dict[str, Any]:
    return {
        "corpora": {name: score.figures() for name, score in scores.items()},
        "classes": {name: score.classes() for name, score in scores.items()},
    }


def _known(score: Score) -> dict[str, float | int]:
    """Return the figures, without those of closures if the speech has none."""
    absent = [name for name in ("bilabial", "lip_teeth") if not getattr(score, name).true]
    return {key: value for key, value in score.figures().items() if not key.startswith(tuple(absent))}


def _together(scores: dict[str, Score]) -> Score:
    whole = Score()
    for score in scores.values():
        whole.absorb(score)
    return whole


def _mean(figures: list[dict[str, float | int]]) -> dict[str, float]:
    """Return the mean of each share over the results that have it."""
    keys = [key for key in dict.fromkeys(key for one in figures for key in one) if key not in _TIMES]
    values = {key: [one[key] for one in figures if key in one] for key in keys}
    return {key: round(sum(found) / len(found), 4) for key, found in values.items()}


def table(result: dict[str, Any]) -> str:
    """Return the figures of `run`, `run_tones` or `run_languages` as a text table."""
    columns = result.get("languages", result["corpora"])
    names = list(columns)
    width = max(len(name) for name in [*names, "recall precision share"]) + 3
    chunk = result["chunk_ms"] if result["chunk_ms"] == "whole" else f"{result['chunk_ms']:g} ms"
    chunk += " and look-ahead" if result.get("lookahead") else ""
    lines = [f"{result['model']}, {result['split']}, chunks: {chunk}, {result['condition']}"]
    lines += [f"instructions of the CPU: {result['cpu_features'] or 'unknown'}", ""]
    lines.append(f"{'':24}" + "".join(f"{name:>{width}}" for name in names))
    for key in dict.fromkeys(key for name in names for key in columns[name]):
        values = [columns[name].get(key) for name in names]
        cells = ["-" if v is None else f"{v:g}" if key in _TIMES else f"{100 * v:.1f} %" for v in values]
        lines.append(f"{key:24}" + "".join(f"{cell:>{width}}" for cell in cells))
    lines += ["", f"{'frames, %':24}" + f"{'recall precision share':>{width}}" * len(names)]
    for viseme in VISEMES:
        rows = [result["classes"][name][viseme] for name in names]
        cells = [f"{100 * r['recall']:.1f}{100 * r['precision']:10.1f}{100 * r['share']:6.1f}" for r in rows]
        lines.append(f"{viseme:24}" + "".join(f"{cell:>{width}}" for cell in cells))
    return "\n".join(lines)


def chunk_length(text: str) -> float:
    """Return the value of ``--chunk-ms``: milliseconds, or `WHOLE`."""
    if text == "whole":
        return WHOLE
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number above 0 nor 'whole'")
    return int(value) if value.is_integer() else value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        help="folder with <corpus>.jsonl files and their audio, or with a folder per language (bench/data/MODEL)",
    )
    parser.add_argument(
        "--language",
        nargs="+",
        choices=[*languages(), "all"],
        help="score these languages (a folder's corpora)",
    )
    parser.add_argument("--split", default="dev", help="split to score (%(default)s)")
    parser.add_argument(
        "--chunk-ms",
        type=chunk_length,
        default=100,
        help="audio per call: milliseconds or 'whole' (%(default)s)",
    )
    parser.add_argument("--lookahead", action="store_true", help="each call knows the audio that follows")
    parser.add_argument(
        "--condition", choices=CONDITIONS, default="clean", help="condition of the audio (%(default)s)"
    )
    parser.add_argument("--model", default="default", help="model to score (%(default)s)")
    parser.add_argument(
        "--limit", type=_positive, help="maximum number of utterances per corpus, evenly spread (all)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    args = parser.parse_args()
    options: dict[str, Any] = {
        "model": args.model,
        "limit": args.limit,
        "condition": args.condition,
        "lookahead": args.lookahead,
    }
    if args.lookahead and args.condition == "tones":
        parser.error("--lookahead: tones are scored without it")
    if args.language and args.split not in SPLITS:
        parser.error(f"--split: with --language it is one of {', '.join(SPLITS)}")
    try:
        if args.condition == "tones":
            result = run_tones(args.chunk_ms, model=args.model)
        elif args.language:
            codes = languages() if "all" in args.language else args.language
            result = run_languages(codes, args.corpus, args.split, args.chunk_ms, **options)
        else:
            result = run(args.corpus or folder_for(args.model), args.split, args.chunk_ms, **options)
    except mv.VisemeError as error:
        raise SystemExit(f"--model: {error}") from None
    print(json.dumps(result) if args.json else table(result))


if __name__ == "__main__":
    main()
