"""The card for people: Markdown made from the figures of `bench.card_figures.report` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.card_languages import sections
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
    "state_bytes": "state of a stream, bytes",
    "onnx_mb": "ONNX file, MB",
    "onnx_sha256": "SHA-256 of the ONNX file",
    "date": "trained on",
    "revision": "git revision of the training",
    "epoch": "epoch kept",
    "seed": "seed",
}
_SHARES = {
    "frame_accuracy_oculus15": "frames right, 15 visemes",
    "coarse7": "7 coarse shapes",
    "bilabial_recall": "bilabials found",
    "bilabial_precision": "of them right",
    "lip_teeth_recall": "F, V found",
    "lip_teeth_precision": "of them right",
    "open_in_silence": "mouth open in silence",
}
_HOW_READ = """\
Frames are 10 ms long and judged at their centre. A bilabial (P, B, M) or an F or V is found where the prediction has
one within 40 ms; what is predicted is right where the truth has one within 40 ms. Mouth open in silence: of the silent
frames 50 ms or more away from speech, those whose mouth is neither at rest nor shut. Onset: the median of predicted
minus true onset. Chunks: how much audio a call brings; the visemes are those of that call, with no correction later.
Conditions: `clean`, the recording as it is; `mulaw8k`, as over the telephone; `noise10db`, white noise added to the
speech. More on both in [the page on the model](../model.md)."""


def render(report: dict[str, Any], command: str, picture: str) -> str:
    """The card.

    Args:
        report: Of `bench.card_figures.report`.
        command: What writes the card again.
        picture: File name of the confusion matrix, beside the card.
    """
    model = report["model"]
    parts = [
        f"# Model card: {model}",
        f"Written by `{command}` from the model's JSON card and a measurement; changes by hand are lost. "
        "How such a model is built, trained and measured stands in [the page on the model](../model.md).",
        report["facts"].get("description", ""),
        "## What it is",
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
        "## Training it again",
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
        for entry in report["data"]
    ]
    parts = [_table(("corpus", "what", "speakers", "hours trained on", "hours scored", "licence"), rows)]
    both = [entry for entry in report["data"] if "scored_hours" in entry and "shared_speakers" in entry]
    if both:
        shared = [entry["corpus"] for entry in both if entry["shared_speakers"]]
        parts.append(
            f"Speakers are in training and in the {report['split']} split both in: {', '.join(shared)}."
            if shared
            else f"No speaker of the {report['split']} split is in training."
        )
    return parts


def _labels(report: dict[str, Any]) -> str:
    made: dict[str, list[str]] = {}
    for entry in report["data"]:
        made.setdefault(entry.get("labels", "Not known."), []).append(entry["corpus"])
    lines = [f"- {', '.join(corpora)}: {text}" for text, corpora in made.items()]
    lines.append(
        "- The reference for scoring is these labels as they stand; what training changes in its own copy is"
    )
    lines.append("  told in [the page on the model](../model.md).")
    return "\n".join(lines)


def _languages(report: dict[str, Any]) -> list[str]:
    parts: list[str] = []
    for heading, text, head, rows in sections(report["results"]):
        parts += [heading, text, _table(head, rows)]
    return parts


def _figures(report: dict[str, Any]) -> list[str]:
    head = ("condition", "chunks", *_SHARES.values(), "onset", "events a second")
    parts = []
    for corpus in dict.fromkeys(run["corpus"] for run in report["runs"]):
        runs = [run for run in report["runs"] if run["corpus"] == corpus]
        rows = []
        for run in runs:
            figures = run["figures"]
            shares = [percent(figures[key]) for key in _SHARES]
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
        f"Frames of {run['corpus']}, {run['condition']}, chunks: {named(run['chunk_ms'])}. Which sounds a viseme "
        "stands for is in [the tables of shapes](../shapes.md). F1 is the harmonic mean of found and right.",
        _table(("viseme", "found", "of them right", "F1", "share of the speech"), rows),
        "Of each row's frames, how many per cent were taken for which viseme:",
        f"![confusion matrix]({picture})",
    ]


def _training(report: dict[str, Any]) -> list[str]:
    command = report["training"].get("command")
    if not command:
        return ["The model's JSON card does not say how it was trained."]
    parts = [f"    {command}"]
    if started := report["training"].get("started_from_sha256"):
        parts.append(
            "It went on from an earlier network of this repository, which `--start` names: the file with the SHA-256 "
            f"{started}."
        )
    if teacher := report["training"].get("teacher"):
        share = percent(report["training"]["teacher_share"])
        parts.append(
            f"It was distilled from `{teacher}`: {share} of what is learned in a frame is what that hears there, in "
            "whole recordings, the label has the rest. `--teacher` names the file with the SHA-256 "
            f"{report['training']['teacher_sha256']}."
        )
    if command.startswith("python -m tools.train "):
        parts.append("`nox -s train --` in place of `python -m tools.train` first installs what that needs.")
    return parts
