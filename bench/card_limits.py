"""Describe the limits of a model in sentences, from its figures."""

from __future__ import annotations

from typing import Any

_LANGUAGES = {"en": "English", "id": "Indonesian"}
_CONDITIONS = {"mulaw8k": "Telephone audio (`mulaw8k`)", "noise10db": "In noise (`noise10db`)"}
_OFTEN = 1.25  # The card names visemes whose predicted frames exceed their real frames by this factor.


def percent(share: float) -> str:
    """Return a share (0 to 1) in per cent."""
    return f"{100 * share:.1f} %"


def named(chunk_ms: float | str) -> str:
    """Return a chunk length as text."""
    return "whole" if chunk_ms == "whole" else f"{chunk_ms:g} ms"


def limits(report: dict[str, Any]) -> list[str]:
    """Return sentences on weak visemes, on conditions that lower the figures, and on what is not measured."""
    return [*_weak(report), *_too_often(report), *_worse(report), *_unknown(report)]


def _weak(report: dict[str, Any]) -> list[str]:
    classes = report["runs"][0]["classes"]
    sentences = []
    for weak in report["weakest"]:
        viseme, row = weak["viseme"], classes[weak["viseme"]]
        taken = " and ".join(f"{t['viseme']} ({percent(t['share'])})" for t in weak["taken_for"])
        sentences.append(
            f"{viseme} has F1 {row['f1']:.2f} (recall {percent(row['recall'])}, precision {percent(row['precision'])})"
            + (f"; it is most often predicted as {taken}." if taken else ".")
        )
    return ["The weakest visemes: " + " ".join(sentences)] if sentences else []


def _too_often(report: dict[str, Any]) -> list[str]:
    classes = report["runs"][0]["classes"]
    ratios = {v: r["recall"] / r["precision"] for v, r in classes.items() if r["precision"]}
    often = sorted((v for v in ratios if ratios[v] >= _OFTEN), key=lambda v: -ratios[v])
    if not often:
        return []
    named_visemes = ", ".join(f"{viseme} ({ratios[viseme]:.1f} times)" for viseme in often)
    return [f"Visemes with more predicted frames than real ones: {named_visemes}."]


def _worse(report: dict[str, Any]) -> list[str]:
    """Compare the first run with the runs that differ from it in one parameter."""
    first = report["runs"][0]
    about = {entry["corpus"]: entry.get("about") for entry in report["data"]}
    lines = []
    for run in report["runs"][1:]:
        differing = [key for key in ("corpus", "condition", "chunk_ms") if run[key] != first[key]]
        if differing == ["condition"]:
            what = _CONDITIONS.get(run["condition"], f"Under `{run['condition']}`")
        elif differing == ["corpus"]:
            what = f"On {run['corpus']}" + (f" ({text})" if (text := about[run["corpus"]]) else "")
        elif differing == ["chunk_ms"]:
            whole = run["chunk_ms"] == "whole"
            what = "The whole utterance in one call" if whole else f"In chunks of {named(run['chunk_ms'])}"
        else:
            continue
        lines.append(f"{what}: {_compared(run['figures'], first['figures'])}")
    if not lines:
        return []
    accuracy = percent(first["figures"]["frame_accuracy_oculus15"])
    base = f"{first['corpus']}, {first['condition']}, chunks: {named(first['chunk_ms'])}"
    return ["\n  - ".join((f"Compared with {base} (frame accuracy {accuracy}):", *lines))]


def _compared(figures: dict[str, Any], base: dict[str, Any]) -> str:
    accuracy = figures["frame_accuracy_oculus15"]
    points = 100 * (accuracy - base["frame_accuracy_oculus15"])
    change = f"{abs(points):.1f} points {'higher' if points >= 0 else 'lower'}"
    return (
        f"frame accuracy {percent(accuracy)} ({change}), bilabial recall {percent(figures['bilabial_recall'])}, "
        f"bilabial precision {percent(figures['bilabial_precision'])}, open in silence "
        f"{percent(figures['open_in_silence'])}."
    )


def _unknown(report: dict[str, Any]) -> list[str]:
    # A model that shares its network with another says nothing here about the languages of the training.
    code = None if "network" in report["facts"] else report["facts"].get("language")
    results = report["results"]
    elsewhere = "is scored above" if any("languages" in r for r in results) else "is not measured"
    sentences = (
        [f"It was trained on {_LANGUAGES.get(code, code)} only; speech in other languages {elsewhere}."]
        if code
        else []
    )
    sentences.append(
        f"The epoch and the decoder's constants were chosen on the {report['split']} split itself. Expect lower "
        "figures on other speech."
    )
    unknown = (
        ["singing", "several people at once"]
        if results
        else ["whispering", "singing", "several people at once"]
    )
    sentences.append(
        f"Other kinds of speech are not measured: {', '.join(unknown)}."
        + (
            ""
            if any(r["condition"] == "tones" for r in results)
            else " Music and other sounds are not measured either."
        )
    )
    return sentences
