"""Compare the aligner's times with the phone times of English dev speech.

::

    python -m tools.align.validate --corpora DIR

English is treated as any other language: its phones come from espeak-ng, its models are initialised from those of the
training speakers and are re-estimated on the dev speech without times. The phone times of the corpora come from forced
alignment too (pocketsphinx), so agreement cannot reach 100 %.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.splits import split_of
from bench.visemes import Score, reference
from tools.align.estimate import Utterance, align, begun
from tools.align.mfcc import FRAMES_PER_SECOND
from tools.align.pronounce import words
from tools.align.refine import refined, shortened
from tools.align.sources import english_models
from tools.align.speech import recordings

_TIMES = FRAMES_PER_SECOND


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.align.validate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the folder en")
    args = parser.parse_args()
    english = english_models(args.corpora / "en")
    speech = recordings(args.corpora / "en", lambda corpus, entry: split_of("en", corpus, entry) == "dev")
    utterances = [Utterance(one.features, words(one.entry["text"], "en")) for one in speech]
    phones = {phone.ipa for one in utterances for word in one.words for phone in word}
    aligned, _ = align(
        utterances, begun(phones, english, {}), progress=lambda text: print(text, file=sys.stderr, flush=True)
    )
    scores: dict[str, Score] = {}
    for one, found in zip(speech, aligned, strict=True):
        end = round(1000 * one.entry["phones"][-1][1])
        times = [
            # In English a flap is a d or t and has their shape; in other languages it is an r.
            (p.start / _TIMES, p.end / _TIMES, "t" if p.ipa == "ɾ" else p.ipa)
            for p in shortened(refined(found.phones, one.levels))
        ]
        score = scores.setdefault(one.corpus, Score())
        score.add(reference(one.entry["phones"], end), reference(times, end), 0)
    print(json.dumps({corpus: _figures(score) for corpus, score in scores.items()}, indent=1))


def _figures(score: Score) -> dict[str, Any]:
    figures = score.figures()
    kept = ("frame_accuracy_oculus15", "coarse7", "bilabial_recall", "bilabial_precision", "open_in_silence")
    distances = np.abs(score.onset_errors)
    return {name: figures[name] for name in kept} | {
        "utterances": score.utterances,
        "onset_error_ms": figures["onset_error_ms"],
        "absolute_onset_error_ms": float(np.median(distances)),
        "absolute_onset_error_ms_90th_percentile": float(np.percentile(distances, 90)),
    }


if __name__ == "__main__":
    main()
