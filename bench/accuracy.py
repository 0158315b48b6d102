"""How many visemes are right, on speech with known phone times, fed as a live stream would bring it.

::

    python -m bench.accuracy --corpus DIR --split dev --chunk-ms 100

``DIR`` holds ``<corpus>.jsonl``, an utterance a line: ``{"audio": …, "split": …, "phones": [[start, end, "AH"], …]}``.
Figures are shares (0 to 1), except onset_error_ms (median of predicted minus true onset) and events_per_second.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mascot_visemes as mv
from bench.visemes import Score, reference, track

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_audio(path: Path) -> tuple[NDArray[np.int16], int]:
    """Samples and rate of a mono file in any format that libsndfile reads."""
    try:
        import soundfile  # noqa: PLC0415 - so that --help works without it
    except ImportError:
        raise SystemExit("reading the corpus needs soundfile: pip install soundfile") from None
    pcm, rate = soundfile.read(path, dtype="int16")
    if pcm.ndim != 1:
        raise SystemExit(f"{path}: expected mono, got {pcm.shape[1]} channels")
    return pcm, rate


def utterances(listing: Path, split: str, limit: int | None) -> list[dict[str, Any]]:
    """Entries of one corpus and split, in order; of more than `limit`, that many evenly spread."""
    entries = [json.loads(line) for line in listing.read_text("utf-8").splitlines()]
    entries = [e for e in entries if e["split"] == split]
    if limit is None or limit >= len(entries):
        return entries
    return [entries[i * len(entries) // limit] for i in range(limit)]


def score_corpus(
    engine: mv.Engine, listing: Path, split: str, chunk_ms: int, limit: int | None = None
) -> Score:
    """Score one corpus.

    Args:
        engine: With the Oculus set.
        listing: The corpus's ``.jsonl``.
        split: ``train`` or ``dev``.
        chunk_ms: How much audio each ``accept_waveform`` brings.
        limit: Utterances at most.
    """
    score = Score()
    for entry in utterances(listing, split, limit):
        pcm, rate = read_audio(listing.parent / entry["audio"])
        stream = engine.create_stream(sample_rate=rate)
        events: list[mv.VisemeEvent] = []
        done = chunk = 0
        while done < len(pcm):
            chunk += 1
            upto = chunk * chunk_ms * rate // 1000
            events += stream.accept_waveform(pcm[done:upto])
            done = upto
        events += stream.input_finished()
        end = len(pcm) * 1000 // rate
        predicted = track([(e.time_ms, str(e.viseme)) for e in events], end)
        score.add(reference(entry["phones"], end), predicted, len(events))
    return score


def run(
    corpus: Path, split: str, chunk_ms: int, model: str = "default", limit: int | None = None
) -> dict[str, Any]:
    """Figures of every corpus in the folder that has utterances of the split."""
    engine = mv.load(model, shapes="oculus")
    scores = {
        path.stem: score_corpus(engine, path, split, chunk_ms, limit)
        for path in sorted(corpus.glob("*.jsonl"))
    }
    if not scores:
        raise SystemExit(f"--corpus: no .jsonl files in {corpus}")
    return {"corpora": {name: score.figures() for name, score in scores.items() if score.utterances}}


def _table(result: dict[str, Any]) -> str:
    names = list(result["corpora"])
    keys = list(next(iter(result["corpora"].values()), {}))
    lines = [f"{'':26}" + "".join(f"{name:>30}" for name in names)]
    lines += [f"{key:26}" + "".join(f"{result['corpora'][name][key]:>30}" for name in names) for key in keys]
    return "\n".join(lines)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder with <corpus>.jsonl and the audio they name"
    )
    parser.add_argument(
        "--split", default="dev", choices=("dev", "train"), help="part to score (%(default)s)"
    )
    parser.add_argument("--chunk-ms", type=int, default=100, help="audio a call (%(default)s)")
    parser.add_argument("--model", default="default", help="model to score (%(default)s)")
    parser.add_argument("--limit", type=int, help="utterances a corpus at most, evenly spread (all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object rather than a table")
    args = parser.parse_args()
    if args.chunk_ms < 1:
        parser.error("--chunk-ms must be at least 1")
    if args.limit is not None and args.limit < 1:
        parser.error("--limit must be at least 1")
    result = run(args.corpus, args.split, args.chunk_ms, args.model, args.limit)
    print(json.dumps(result) if args.json else _table(result))


if __name__ == "__main__":
    main()
