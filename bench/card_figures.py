"""Collect the figures of a model card: its properties, its training data and its accuracy on a split.

The figures come from the model's JSON card, its files, the listings of the corpora and a measurement.
"""

from __future__ import annotations

import hashlib
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

from bench.corpus import listings, utterances
from bench.scoring import score_corpus
from bench.visemes import VISEMES, Score
from mascot_visemes.registry import load_network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import mascot_visemes as mv

WEAKEST = 3
"""Number of visemes that the card names as weak."""
_TAKEN_FOR = 2


def report(
    engine: mv.Engine,
    corpus: Path,
    split: str,
    *,
    conditions: Sequence[str],
    chunks: Sequence[float],
    headline: str | None,
    results: list[dict[str, Any]],
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Return all figures of the card as JSON values.

    Args:
        engine: Engine of the model, with the Oculus set.
        corpus: Folder of the corpora.
        split: Split to score.
        conditions: Some of `bench.conditions.CONDITIONS`. Figures per viseme are those of the first one.
        chunks: Chunk lengths in ms or `bench.accuracy.WHOLE`. Figures per viseme are those of the first one.
        headline: Corpus that comes first in the card; the first by name if ``None``.
        results: The result of `bench.card_languages.results`.
        progress: Called with a line of text before each measurement.

    Raises:
        SystemExit: The corpus cannot be used.
    """
    found = {path.stem: path for path in listings(corpus, split)}
    if headline is not None and headline not in found:
        raise SystemExit(
            f"--headline: no utterances of {split!r} in {headline!r}; there are {', '.join(found)}"
        )
    leading = headline or next(iter(found))
    order = sorted(found, key=lambda name: (name != leading, name))
    todo = [(name, condition, chunk) for name in order for condition in conditions for chunk in chunks]
    runs: list[dict[str, Any]] = []
    scores: list[Score] = []
    for number, (name, condition, chunk) in enumerate(todo, 1):
        length = "whole" if math.isinf(chunk) else chunk
        progress(f"{number} of {len(todo)}: {name}, {condition}, chunks: {length}")
        score = score_corpus(engine, found[name], split, chunk, condition=condition)
        scores.append(score)
        runs.append(
            {"corpus": name, "condition": condition, "chunk_ms": length}
            | {"figures": score.figures(), "classes": classes(score)}
        )
    rows = confusion(scores[0])
    first = {run["corpus"]: score for run, score in zip(reversed(runs), reversed(scores), strict=True)}
    card = load_network(engine.model).card
    return {
        "model": engine.model,
        "split": split,
        "headline": leading,
        "facts": _facts(engine.model, card),
        "training": card.get("training", {}),
        "data": _data(card, corpus, split, first),
        "runs": runs,
        "results": results,
        "confusion": {"visemes": list(VISEMES), "rows": rows},
        "weakest": weakest(runs[0]["classes"], rows),
    }


def classes(score: Score) -> dict[str, dict[str, float]]:
    """Return recall, precision, share and F1 of each viseme, counted in frames."""
    result = score.classes()
    want = {v: sum(n for (true, _), n in score.confusions.items() if true == v) for v in VISEMES}
    got = {v: sum(n for (_, said), n in score.confusions.items() if said == v) for v in VISEMES}
    for viseme, row in result.items():
        both = want[viseme] + got[viseme]
        row["f1"] = round(2 * score.confusions[viseme, viseme] / both, 4) if both else 0.0
    return result


def confusion(score: Score) -> list[list[float]]:
    """Return the share of each viseme's frames (rows) by predicted viseme (columns), in the order of `VISEMES`."""
    rows = []
    for true in VISEMES:
        counts = [score.confusions[true, said] for said in VISEMES]
        rows.append([round(count / max(1, sum(counts)), 4) for count in counts])
    return rows


def weakest(figures: dict[str, dict[str, float]], rows: list[list[float]]) -> list[dict[str, Any]]:
    """Return the visemes with the lowest F1 among those that occur, each with its most frequent confusions."""
    present = [viseme for viseme in VISEMES if figures[viseme]["share"]]
    result = []
    for viseme in sorted(present, key=lambda v: figures[v]["f1"])[:WEAKEST]:
        row = dict(zip(VISEMES, rows[VISEMES.index(viseme)], strict=True))
        others = sorted((v for v in VISEMES if v != viseme and row[v]), key=lambda v: -row[v])
        taken = [{"viseme": v, "share": row[v]} for v in others[:_TAKEN_FOR]]
        result.append({"viseme": viseme, "taken_for": taken})
    return result


def _facts(model: str, card: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the model, from its card and its network file."""
    network = load_network(model)
    graph = (resources.files("mascot_visemes") / "models" / f"{network.weights}.onnx").read_bytes()
    shared = {"network": f"shared with {network.weights}"} if network.weights != model else {}
    kept = ("version", "description", "language", "licence", "architecture")
    return {key: card[key] for key in kept if key in card} | {
        **shared,
        "labels": len(card["labels"]),
        "state_bytes": network.state_bytes,
        "onnx_mb": round(len(graph) / 1e6, 2),
        "onnx_sha256": hashlib.sha256(graph).hexdigest(),
    }


def _data(card: dict[str, Any], folder: Path, split: str, scores: dict[str, Score]) -> list[dict[str, Any]]:
    """Return the corpora of training and scoring by name, each with the facts of the listing and of the card."""
    entries = {entry["corpus"]: entry for entry in card.get("data", [])}
    result = []
    for name in sorted(entries.keys() | scores.keys()):
        score = scores.get(name)
        scored = {"scored_hours": round(score.milliseconds / 3.6e6, 2)} if score else {}
        counted = _speakers(folder / f"{name}.jsonl", split)
        result.append({"corpus": name} | counted | entries.get(name, {}) | scored)
    return result


def _speakers(listing: Path, split: str) -> dict[str, int]:
    """Return the number of speakers in the listing, and of those that are in training and in the split."""
    if not listing.is_file():
        return {}
    trained, scored = (
        {entry["speaker"] for entry in utterances(listing, part) if "speaker" in entry}
        for part in ("train", split)
    )
    return (
        {"speakers": len(trained | scored), "shared_speakers": len(trained & scored)}
        if trained | scored
        else {}
    )
