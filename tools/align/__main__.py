"""Make the reference labels of dev and test speech in languages other than English.

::

    python -m tools.align --corpora DIR --out bench/reference --pictures DIR2

``DIR`` has a folder for each language with ``<corpus>.jsonl``, as `bench.corpus` reads them; ``en`` has phone times.
For each language ``OUT/<language>.jsonl`` gets one utterance per line: phones in IPA and words, with times in seconds.
English and Indonesian have phone times already, so only the times of words are written.

The recipe: models of English sounds from the phone times of the English training speakers; for each phone of a language
a model that is initialised from the nearest English sounds; three re-estimations on all transcribed speech of the
language; the most likely times; silences refined by level. Utterances that fit badly are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.corpus import read_audio
from bench.excerpts import VOWELS
from bench.splits import languages, split_of
from bench.visemes import viseme_of
from tools.align.estimate import Models, Utterance, align, begun
from tools.align.mfcc import FRAMES_PER_SECOND
from tools.align.picture import draw
from tools.align.pronounce import words
from tools.align.refine import refined, shortened
from tools.align.sources import english_models
from tools.align.speech import Recording, recordings
from tools.align.viterbi import SIL, Timed

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRAINED_SECONDS = 600.0
"""Seconds of training speech per corpus for the re-estimation of a language's models."""
_TIMED = ("en", "id")
_PARENTS = {"pt": "es"}
_WORST = 3.0
"""An utterance is left out if it fits worse than its corpus's median by this many deviations."""
_LONGEST = {"vowel": 0.6, "consonant": 0.35}
"""Seconds: an utterance with a longer phone is left out, because its alignment failed."""
_PICTURES = 8
_SEEN_WRONG = {"fr": {"asterisk/demo-instruct.opus"}, "pt": {"fleurs/fleurs-pt-005.opus"}}
"""Utterances that are left out because their spectrogram shows wrong phone times."""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.align",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--corpora", type=Path, required=True, help="folder with one folder per language")
    parser.add_argument("--out", type=Path, required=True, help="folder to write <language>.jsonl to")
    parser.add_argument(
        "--language", nargs="+", choices=languages(), default=languages(), help="languages to align (all)"
    )
    parser.add_argument(
        "--indonesian",
        type=Path,
        default=Path("bench/data/indonesian"),
        help="Indonesian corpora (%(default)s)",
    )
    parser.add_argument("--pictures", type=Path, help="folder for spectrograms of some utterances")
    args = parser.parse_args()
    english = english_models(args.corpora / "en")
    done: dict[str, Models] = {}
    for language in sorted(args.language, key=lambda code: (code in _PARENTS, code)):
        folder = args.indonesian if language == "id" else args.corpora / language
        speech = recordings(folder, _Wanted(language))
        parents = done.get(_PARENTS.get(language, ""), {})
        lines, done[language] = _language(language, speech, english, parents)
        text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
        (args.out / f"{language}.jsonl").write_text(text, "utf-8")
        if args.pictures and language not in _TIMED:
            _pictures(args.pictures, folder, language, lines)


def _pictures(out: Path, folder: Path, language: str, lines: list[dict[str, Any]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for line in sorted(lines, key=lambda line: zlib.crc32(line["audio"].encode()))[:_PICTURES]:
        name = Path(line["audio"]).stem
        draw(
            out / f"{language}-{name}.png",
            f"{language}: {name}",
            *read_audio(folder / line["audio"]),
            line["phones"],
        )


class _Wanted:
    """Select the dev and test speech of a language, and the training speech that its models are re-estimated on."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._seconds: dict[str, float] = {}

    def __call__(self, corpus: str, entry: dict[str, Any]) -> bool:
        if split_of(self._language, corpus, entry):
            return True
        if self._language in _TIMED or self._seconds.get(corpus, 0.0) > _TRAINED_SECONDS:
            return False
        self._seconds[corpus] = self._seconds.get(corpus, 0.0) + entry["seconds"]
        return True


def _language(
    language: str, speech: list[Recording], english: Models, parents: Models
) -> tuple[list[dict[str, Any]], Models]:
    utterances = [Utterance(one.features, words(one.entry["text"], language)) for one in speech]
    phones = {phone.ipa for one in utterances for word in one.words for phone in word}
    begin = begun(phones, english, parents)
    timed = language in _TIMED
    aligned, models = align(
        utterances, begin, rounds=1 if timed else 4, progress=lambda text: _tell(f"{language}: {text}")
    )
    lines: list[dict[str, Any]] = []
    dropped = _dropped([one.corpus for one in speech], [one.fit for one in aligned])
    for index, (one, found) in enumerate(zip(speech, aligned, strict=True)):
        split = split_of(language, one.corpus, one.entry)
        times = shortened(refined(found.phones, one.levels))
        if split is None:
            continue
        wrong = one.entry["audio"] in _SEEN_WRONG.get(language, ())
        if wrong or index in dropped or (not timed and any(map(_too_long, times))):
            _tell(f"{language}: left out {one.entry['audio']}, fit {found.fit:.2f}, {one.entry['text']!r}")
            continue
        lines.append(_line(one, split, times, timed=timed))
    return lines, models


def _too_long(phone: Timed) -> bool:
    kind = "vowel" if viseme_of(phone.ipa) in VOWELS else "consonant"
    return phone.ipa != SIL and (phone.end - phone.start) / FRAMES_PER_SECOND > _LONGEST[kind]


def _line(one: Recording, split: str, times: Sequence[Timed], *, timed: bool) -> dict[str, Any]:
    spans: dict[int, tuple[int, int]] = {}
    for phone in times:
        if phone.word >= 0:
            spans[phone.word] = (spans.get(phone.word, (phone.start, 0))[0], phone.end)
    spoken = [[start / FRAMES_PER_SECOND, end / FRAMES_PER_SECOND] for start, end in spans.values()]
    line = {
        "corpus": one.corpus,
        "audio": one.entry["audio"],
        "speaker": one.entry["speaker"],
        "split": split,
    }
    if timed:
        edges = np.array([0.0] + [end for _, end, _ in one.entry["phones"]])
        return line | {
            "words": [[float(edges[np.abs(edges - at).argmin()]) for at in word] for word in spoken]
        }
    phones = [[p.start / FRAMES_PER_SECOND, p.end / FRAMES_PER_SECOND, p.ipa] for p in times]
    return line | {"words": spoken, "phones": phones}


def _dropped(corpora: list[str], fits: list[float]) -> set[int]:
    """Return the utterances that fit much worse than others of their corpus."""
    result = set()
    for corpus in set(corpora):
        indices = [i for i, name in enumerate(corpora) if name == corpus]
        own = np.array([fits[i] for i in indices])
        middle = np.median(own)
        deviation = 1.4826 * np.median(np.abs(own - middle))
        result |= {i for i, fit in zip(indices, own, strict=True) if fit < middle - _WORST * deviation}
    return result


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
