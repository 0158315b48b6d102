"""Render the model card as Markdown, from the figures of `bench.card_figures.report` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.card_languages import FIGURES, sections
from bench.card_limits import limits, named, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

_FACTS = {
    "version": "version",
    "language": "language",
    "licence": "licence",
    "network": "network",
    "parameters": "parameters",
    "labels": "phoneme labels",
    "state_bytes": "state of one stream (bytes)",
    "onnx_mb": "ONNX file (MB)",
    "onnx_sha256": "SHA-256 of the ONNX file",
    "date": "training date",
    "revision": "git revision of the training",
    "epoch": "epoch used",
    "seed": "seed",
}
_HOW_READ = """\
Frames are 10 ms long and are scored at their centre.

- Frame accuracy: the share of frames whose viseme equals the reference. There are 15 visemes, or 7 coarse shapes.
- Recall: the share of the real closures that have a predicted one within 40 ms. P, B and M are bilabial, F and V are
  labiodental.
- Precision: the share of the predicted closures that have a real one within 40 ms.
- Open in silence: the share of silent frames with an open mouth. Frames within 50 ms of speech do not count.
- Onset error: the median of predicted minus true onset.
- Chunks: the amount of audio in one call. A later call does not change the visemes of an earlier one.
- Conditions: `clean` is the original recording. `mulaw8k` is telephone audio. `noise10db` has white noise added.

[The page on the model](../model.md) explains chunks and conditions."""


def render(report: dict[str, Any], command: str, picture: str) -> str:
    """Return the card as Markdown.

    Args:
        report: The result of `bench.card_figures.report`.
        command: The command that writes the card again.
        picture: File name of the confusion matrix, which is in the card's folder.
    """
    model = report["model"]
    parts = [
        f"# Model card: {model}",
        f"`{command}` writes this page from the model's JSON card and a measurement. Do not edit it by hand. "
        "[The page on the model](../model.md) describes how models are built, trained and measured.",
        report["facts"].get("description", ""),
        "## Properties",
        _facts(report),
        "## Data",
        *_data(report),
        "## How the labels were made",
        _labels(report),
        *_languages(report),
        "## Figures",
        _HOW_READ,
        *_figures(report),
        "## By viseme",
        *_by_viseme(report, picture),
        "## Limits",
        "\n".join(f"- {limit}" for limit in limits(report)),
        "## How to train it",
        *_training(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _facts(report: dict[str, Any]) -> str:
    known = report["training"] | report["facts"]
    rows = [[text, _value(known[key])] for key, text in _FACTS.items() if key in known]
    rows += [[key.replace("_", " "), _value(value)] for key, value in known.get("architecture", {}).items()]
    return _table(("", report["model"]), rows)


def _value(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _data(report: dict[str, Any]) -> list[str]:
    rows = [
        [
            entry["corpus"],
            "; ".join(entry[key] for key in ("source", "about") if key in entry),
            str(entry.get("speakers", "not known")),
            f"{entry.get('train_hours', 0):g}",
            f"{entry.get('scored_hours', 0):g}",
            entry.get("licence", "not stated"),
        ]
        for entry in _by_synthesiser(report["data"])
    ]
    head = ("corpus", "description", "speakers", "hours in training", "hours scored", "licence")
    parts = [_table(head, rows)]
    both = [entry for entry in report["data"] if "scored_hours" in entry and "shared_speakers" in entry]
    if both:
        shared = [entry["corpus"] for entry in both if entry["shared_speakers"]]
        parts.append(
            f"Some speakers are in both training and the {report['split']} split, in these corpora: "
            f"{', '.join(shared)}."
            if shared
            else f"No speaker of the {report['split']} split is in the training data."
        )
    return parts


def _by_synthesiser(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the corpora, with one entry for all languages that a synthesiser speaks."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in data:
        name, _, language = str(entry["corpus"]).partition("-")
        spoken = f"speaking {language}," in entry.get("source", "") + "," and "scored_hours" not in entry
        groups.setdefault(name if spoken else entry["corpus"], []).append(entry)
    return [
        entries[0] if len(entries) == 1 else _languages_of(name, entries) for name, entries in groups.items()
    ]


def _languages_of(synthesiser: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    languages = [entry["corpus"].partition("-")[2] for entry in entries]
    listed = f"speaking {len(languages)} languages ({', '.join(languages)})"
    return entries[0] | {
        "corpus": synthesiser,
        "source": entries[0]["source"].replace(f"speaking {languages[0]}", listed),
        "train_hours": round(sum(entry.get("train_hours", 0) for entry in entries), 2),
    }


def _labels(report: dict[str, Any]) -> str:
    made: dict[str, list[str]] = {}
    for entry in _by_synthesiser(report["data"]):
        made.setdefault(entry.get("labels", "Not known."), []).append(entry["corpus"])
    lines = [f"- {', '.join(corpora)}: {text}" for text, corpora in made.items()]
    lines += [
        "- These labels are the reference for scoring. Training changes some labels in its own copy, as",
        "  [the page on the model](../model.md) describes.",
    ]
    return "\n".join(lines)


def _languages(report: dict[str, Any]) -> list[str]:
    parts: list[str] = []
    for heading, text, head, rows in sections(report["results"]):
        parts += [heading, text, _table(head, rows)]
    return parts


def _figures(report: dict[str, Any]) -> list[str]:
    head = ("condition", "chunks", *FIGURES.values(), "onset error", "events per second")
    parts = []
    for corpus in dict.fromkeys(run["corpus"] for run in report["runs"]):
        runs = [run for run in report["runs"] if run["corpus"] == corpus]
        rows = []
        for run in runs:
            figures = run["figures"]
            shares = [percent(figures[key]) for key in FIGURES]
            ends = [f"{figures['onset_error_ms']:g} ms", f"{figures['events_per_second']:g}"]
            rows.append([run["condition"], named(run["chunk_ms"]), *shares, *ends])
        parts += [f"### {corpus}, {runs[0]['figures']['utterances']} utterances", _table(head, rows)]
    return parts


def _by_viseme(report: dict[str, Any], picture: str) -> list[str]:
    run = report["runs"][0]
    rows = [
        [viseme, percent(row["recall"]), percent(row["precision"]), f"{row['f1']:.2f}", percent(row["share"])]
        for viseme, row in run["classes"].items()
    ]
    return [
        f"These figures count frames of {run['corpus']}, {run['condition']}, chunks: {named(run['chunk_ms'])}. "
        "[The tables of shapes](../shapes.md) list the sounds of each viseme. F1 is the harmonic mean of recall and "
        "precision.",
        _table(("viseme", "recall", "precision", "F1", "share of all frames"), rows),
        "The confusion matrix: each row shows what share of a viseme's frames was predicted as each viseme, in per "
        "cent.",
        f"![confusion matrix]({picture})",
    ]


def _training(report: dict[str, Any]) -> list[str]:
    command = report["training"].get("command")
    if not command:
        return ["The model's JSON card has no training command."]
    parts = [f"    {command}"]
    if started := report["training"].get("started_from_sha256"):
        parts.append(
            "Training started from an earlier network of this repository. `--start` names its file, which has the "
            f"SHA-256 {started}."
        )
    if teacher := report["training"].get("teacher"):
        share = percent(report["training"]["teacher_share"])
        parts.append(
            f"It was distilled from `{teacher}`: the teacher's posteriors, from whole recordings, have a weight of "
            f"{share} in the target, and the label has the rest. `--teacher` names the teacher's file, which has the "
            f"SHA-256 {report['training']['teacher_sha256']}."
        )
    if command.startswith("python -m tools.train "):
        parts.append("`nox -s train --` in place of `python -m tools.train` installs the requirements first.")
    return parts
