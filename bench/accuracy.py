"""How many visemes are right, on speech with known phone times, fed as a live stream would bring it.

::

    python -m bench.accuracy --corpus DIR --split dev --chunk-ms 100 --condition clean

``DIR`` holds ``<corpus>.jsonl``, an utterance a line: ``{"audio": …, "split": …, "phones": [[start, end, "AH"], …]}``.
Without ``--corpus`` it is ``bench/data/MODEL``, the speech that comes with this repository, which has some for
``indonesian`` only. Phones are those of English or Indonesian, whatever the model's language.

Figures are shares (0 to 1), except onset_error_ms (median of predicted minus true onset) and events_per_second.
Bilabials (P, B, M) and lip-teeth (F, V) are counted as stretches: found where the prediction has one within 40 ms.
Classes are counted in 10 ms frames: recall is the share of a viseme's frames that were predicted as it, precision
the share of the frames predicted as it that are, share its part of all frames.

Conditions: clean; mulaw8k, resampled to 8 kHz and fed as µ-law bytes; noise10db, white noise 10 dB below the mean
power of the samples labelled as speech, the same noise in every run.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import mascot_visemes as mv
from bench.conditions import CONDITIONS, heard
from bench.corpus import folder_for, listings, read_audio, utterances
from bench.visemes import VISEMES, Score, reference, track

WHOLE = math.inf
"""Chunk length that brings an utterance in one call."""

_TIMES = {"onset_error_ms", "events_per_second", "utterances"}


def score_corpus(
    engine: mv.Engine,
    listing: Path,
    split: str,
    chunk_ms: float,
    *,
    limit: int | None = None,
    condition: str = "clean",
) -> Score:
    """Score one corpus.

    Args:
        engine: With the Oculus set.
        listing: The corpus's ``.jsonl``.
        split: ``train`` or ``dev``.
        chunk_ms: How much audio each ``accept_waveform`` brings; `WHOLE` for an utterance a call.
        limit: Utterances at most.
        condition: One of `bench.conditions.CONDITIONS`.
    """
    score = Score()
    for entry in utterances(listing, split, limit):
        pcm, rate = read_audio(listing.parent / entry["audio"])
        audio = heard(condition, pcm, rate, name=entry["audio"], phones=entry["phones"])
        stream = engine.create_stream(sample_rate=audio.rate, encoding=audio.encoding)
        events: list[mv.VisemeEvent] = []
        done = chunk = 0
        while done < len(audio.samples):
            chunk += 1
            upto = int(min(chunk * chunk_ms * audio.rate / 1000, len(audio.samples)))
            events += stream.accept_waveform(audio.samples[done:upto])
            done = upto
        events += stream.input_finished()
        end = len(pcm) * 1000 // rate
        predicted = track([(e.time_ms, str(e.viseme)) for e in events], end)
        score.add(reference(entry["phones"], end), predicted, len(events))
    return score


def run(
    corpus: Path,
    split: str,
    chunk_ms: float,
    *,
    model: str = "default",
    limit: int | None = None,
    condition: str = "clean",
) -> dict[str, Any]:
    """Figures of every corpus in the folder that has utterances of the split."""
    found = listings(corpus, split)
    engine = mv.load(model, shapes="oculus")
    scores = {
        path.stem: score_corpus(engine, path, split, chunk_ms, limit=limit, condition=condition)
        for path in found
    }
    return {
        "model": model,
        "split": split,
        "chunk_ms": "whole" if chunk_ms == WHOLE else chunk_ms,
        "condition": condition,
        "corpora": {name: score.figures() for name, score in scores.items()},
        "classes": {name: score.classes() for name, score in scores.items()},
    }


def table(result: dict[str, Any]) -> str:
    """The figures of `run` for people."""
    names = list(result["corpora"])
    width = max(len(name) for name in [*names, "recall precision share"]) + 3
    chunk = result["chunk_ms"] if result["chunk_ms"] == "whole" else f"{result['chunk_ms']:g} ms"
    lines = [f"{result['model']}, {result['split']}, chunks: {chunk}, {result['condition']}", ""]
    lines.append(f"{'':24}" + "".join(f"{name:>{width}}" for name in names))
    for key in result["corpora"][names[0]]:
        values = [result["corpora"][name][key] for name in names]
        cells = [f"{value:g}" if key in _TIMES else f"{100 * value:.1f} %" for value in values]
        lines.append(f"{key:24}" + "".join(f"{cell:>{width}}" for cell in cells))
    lines += ["", f"{'frames, %':24}" + f"{'recall precision share':>{width}}" * len(names)]
    for viseme in VISEMES:
        rows = [result["classes"][name][viseme] for name in names]
        cells = [f"{100 * r['recall']:.1f}{100 * r['precision']:10.1f}{100 * r['share']:6.1f}" for r in rows]
        lines.append(f"{viseme:24}" + "".join(f"{cell:>{width}}" for cell in cells))
    return "\n".join(lines)


def chunk_length(text: str) -> float:
    """The value of ``--chunk-ms``: milliseconds, or `WHOLE`."""
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
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--corpus", type=Path, help="folder with <corpus>.jsonl and the audio they name (bench/data/MODEL)"
    )
    parser.add_argument("--split", default="dev", help="part to score (%(default)s)")
    parser.add_argument(
        "--chunk-ms", type=chunk_length, default=100, help="audio a call, a number or 'whole' (%(default)s)"
    )
    parser.add_argument(
        "--condition", choices=CONDITIONS, default="clean", help="what the audio goes through (%(default)s)"
    )
    parser.add_argument("--model", default="default", help="model to score (%(default)s)")
    parser.add_argument("--limit", type=_positive, help="utterances a corpus at most, evenly spread (all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object rather than a table")
    args = parser.parse_args()
    try:
        result = run(
            args.corpus or folder_for(args.model),
            args.split,
            args.chunk_ms,
            model=args.model,
            limit=args.limit,
            condition=args.condition,
        )
    except mv.VisemeError as error:
        raise SystemExit(f"--model: {error}") from None
    print(json.dumps(result) if args.json else table(result))


if __name__ == "__main__":
    main()
