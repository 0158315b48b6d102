"""What the figures of a model mean for those who use it, in sentences."""

from __future__ import annotations

from typing import Any

_LANGUAGES = {"en": "English", "id": "Indonesian"}
_HEARD = {"mulaw8k": "Over the telephone (`mulaw8k`)", "noise10db": "In noise (`noise10db`)"}
_OFTEN = 1.25  # how many times as often as it is there a viseme is predicted for that to be told


def percent(share: float) -> str:
    """A share (0 to 1) in per cent."""
    return f"{100 * share:.1f} %"


def named(chunk_ms: float | str) -> str:
    """A chunk length for people."""
    return "whole" if chunk_ms == "whole" else f"{chunk_ms:g} ms"


def limits(report: dict[str, Any]) -> list[str]:
    """Sentences on weak visemes, on what makes the figures worse, and on what they do not tell."""
    return [*_weak(report), *_too_often(report), *_worse(report), *_unknown(report)]


def _weak(report: dict[str, Any]) -> list[str]:
    classes = report["runs"][0]["classes"]
    sentences = []
    for weak in report["weakest"]:
        viseme, row = weak["viseme"], classes[weak["viseme"]]
        taken = " and ".join(f"{t['viseme']} ({percent(t['share'])})" for t in weak["taken_for"])
        sentences.append(
            f"{viseme} has F1 {row['f1']:.2f}: {percent(row['recall'])} of its frames are found, "
            f"{percent(row['precision'])} of those predicted are right"
            + (f"; it is mostly taken for {taken}." if taken else ".")
        )
    return ["The weakest visemes: " + " ".join(sentences)] if sentences else []


def _too_often(report: dict[str, Any]) -> list[str]:
    classes = report["runs"][0]["classes"]
    ratios = {v: r["recall"] / r["precision"] for v, r in classes.items() if r["precision"]}
    often = sorted((v for v in ratios if ratios[v] >= _OFTEN), key=lambda v: -ratios[v])
    if not often:
        return []
    told = ", ".join(f"{viseme} ({ratios[viseme]:.1f} times)" for viseme in often)
    return [f"Predicted in more frames than they are there: {told}."]


def _worse(report: dict[str, Any]) -> list[str]:
    """How the first run compares with those that differ from it in one thing."""
    first = report["runs"][0]
    about = {entry["corpus"]: entry.get("about") for entry in report["data"]}
    lines = []
    for run in report["runs"][1:]:
        differing = [key for key in ("corpus", "condition", "chunk_ms") if run[key] != first[key]]
        if differing == ["condition"]:
            what = _HEARD.get(run["condition"], f"Under `{run['condition']}`")
        elif differing == ["corpus"]:
            what = f"On {run['corpus']}" + (f" ({told})" if (told := about[run["corpus"]]) else "")
        elif differing == ["chunk_ms"]:
            whole = run["chunk_ms"] == "whole"
            what = "An utterance in one call" if whole else f"In chunks of {named(run['chunk_ms'])}"
        else:
            continue
        lines.append(f"{what}: {_compared(run['figures'], first['figures'])}")
    if not lines:
        return []
    right = percent(first["figures"]["frame_accuracy_oculus15"])
    base = f"{first['corpus']}, {first['condition']}, chunks: {named(first['chunk_ms'])}"
    return ["\n  - ".join((f"Compared with {base} ({right} of the frames right):", *lines))]


def _compared(figures: dict[str, Any], base: dict[str, Any]) -> str:
    right = figures["frame_accuracy_oculus15"]
    points = 100 * (right - base["frame_accuracy_oculus15"])
    change = f"{abs(points):.1f} points {'more' if points >= 0 else 'fewer'}"
    return (
        f"{percent(right)} of the frames right, {change}; bilabials found {percent(figures['bilabial_recall'])}, "
        f"of them right {percent(figures['bilabial_precision'])}; mouth open in silence "
        f"{percent(figures['open_in_silence'])}."
    )


def _unknown(report: dict[str, Any]) -> list[str]:
    code = report["facts"].get("language")
    results = report["results"]
    elsewhere = "is scored above" if any("languages" in r for r in results) else "is not measured"
    sentences = (
        [f"It learnt {_LANGUAGES.get(code, code)} only; speech in other languages {elsewhere}."]
        if code
        else []
    )
    sentences.append(
        f"The best epoch and the decoder's constants were chosen on the {report['split']} split itself: on other "
        "speech expect less."
    )
    unknown = (
        ["singing", "several people at once"]
        if results
        else ["whispering", "singing", "several people at once"]
    )
    sentences.append(
        f"Speech unlike that of the corpora scored above ({', '.join(unknown)}) is not measured"
        + (
            "."
            if any(r["condition"] == "tones" for r in results)
            else ", nor is what music or other sounds do."
        )
    )
    return sentences
