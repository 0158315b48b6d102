"""Make synthetic training speech in many languages: ``python -m tools.synthesis.world --out DIR``.

Each voice becomes a corpus of its own in --out, such as espeak-de or kokoro-es, in the form of the other corpora. Its
phones are the labels of `mascot_visemes.inventory`. An existing corpus is not changed. The texts are those of
`tools.synthesis.world.texts`, and the transcripts of the training speech in --corpora.
"""

from __future__ import annotations

import argparse
import json
import random
from itertools import islice
from pathlib import Path

from tools.synthesis import corpus
from tools.synthesis.world import voices
from tools.synthesis.world.texts import Texts

_BRIEFEST_S = 1.0  # of a text on average, at least
_KINDS = {
    "espeak": (voices.espeak_voice, tuple(voices.LANGUAGES)),
    "kokoro": (voices.kokoro_voice, voices.KOKORO),
}


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(
        prog="python -m tools.synthesis.world",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--out", type=Path, required=True, help="output folder of the corpora")
    p.add_argument("--kind", choices=list(_KINDS), default="espeak", help="kind of voices (%(default)s)")
    p.add_argument(
        "--languages",
        nargs="+",
        choices=list(voices.LANGUAGES),
        metavar="CODE",
        help="only these languages: %(choices)s (all)",
    )
    p.add_argument("--minutes", type=float, default=6.0, help="minutes of speech per language (%(default)s)")
    p.add_argument("--corpora", type=Path, help="folder of human speech, with a folder per language")
    p.add_argument("--seed", type=int, default=1, help="seed of all random choices (%(default)s)")
    return p.parse_args(argv)


def transcripts(corpora: Path | None, language: str) -> tuple[str, ...]:
    """Return the training texts of a language's human speech."""
    if corpora is None:
        return ()
    lines = (
        line
        for path in sorted((corpora / language).glob("*.jsonl"))
        for line in path.read_text().splitlines()
    )
    return tuple(entry["text"] for entry in map(json.loads, lines) if entry["split"] == "train")


def main(argv: list[str] | None = None) -> None:
    """Speak every language in turn."""
    args = arguments(argv)
    make, spoken = _KINDS[args.kind]
    for code in args.languages or spoken:
        voice = make(code)
        if not voice.present():
            raise SystemExit(f"{voice.corpus}: it is not installed: {voice.install}")
        if (args.out / f"{voice.corpus}.jsonl").exists():
            continue
        seed = f"{args.seed}/{voice.corpus}"
        seconds = 60 * args.minutes
        texts = Texts(code, transcripts(args.corpora, code)).endless(random.Random(seed))  # noqa: S311 - no secret
        unfinished = args.out / "unfinished"
        written = corpus.write(
            voice,
            islice(texts, round(seconds / _BRIEFEST_S)),
            unfinished,
            seconds=seconds,
            random=random.Random(seed),  # noqa: S311 - no secret
        )
        (unfinished / voice.corpus).rename(args.out / voice.corpus)
        (unfinished / f"{voice.corpus}.jsonl").rename(args.out / f"{voice.corpus}.jsonl")
        print(
            f"{voice.corpus}: {written.seconds / 60:.1f} min, {written.utterances} utterances; left out:"
            f" {written.unknown.total()} for unknown phones {dict(written.unknown.most_common(4))},"
            f" {written.misfits} whose times and audio have different ends",
            flush=True,
        )


if __name__ == "__main__":
    main()
