"""Make synthetic training speech with every free synthesiser that is installed.

Each voice becomes a corpus of its own in --out, in the form of the corpora in --corpus, whose training texts it speaks.
With --dev, espeak-ng speaks the sentences of the Indonesian dev set instead. If a voice is not installed, a
line names the command that installs it.
"""

from __future__ import annotations

import argparse
import math
import random
from pathlib import Path
from typing import TYPE_CHECKING

from tools.synthesis import corpus, espeak, festival, flite, indonesian, neural, texts

if TYPE_CHECKING:
    from tools.synthesis.speech import Voice

VOICES = (*festival.VOICES, *flite.VOICES, *espeak.VOICES, *neural.VOICES)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(prog="python -m tools.synthesis", description=__doc__)
    p.add_argument("--corpus", type=Path, help="folder with <corpus>.jsonl files whose texts are spoken")
    p.add_argument("--out", type=Path, required=True, help="output folder of the corpora")
    p.add_argument(
        "--hours", type=float, default=1.5, help="hours of speech for all voices together (%(default)s)"
    )
    p.add_argument("--seed", type=int, default=1, help="seed of all random choices (%(default)s)")
    p.add_argument("--dev", action="store_true", help="make the Indonesian dev set instead; ignores --hours")
    p.add_argument(
        "--voices",
        nargs="+",
        choices=[voice.corpus for voice in VOICES],
        metavar="VOICE",
        help="only these voices: %(choices)s (all)",
    )
    args = p.parse_args(argv)
    if args.corpus is None and not args.dev:
        p.error("--corpus is missing: the voices speak the texts of a corpus")
    return args


def main(argv: list[str] | None = None) -> None:
    """Speak with every voice in turn."""
    args = arguments(argv)
    if args.dev:
        _write(espeak.INDONESIAN_DEV, list(indonesian.SENTENCES), args, seconds=math.inf, split="dev")
        return
    wanted = [voice for voice in VOICES if not args.voices or voice.corpus in args.voices]
    for voice in wanted:
        if not voice.present():
            print(f"{voice.corpus}: skipped, it is not installed: {voice.install}", flush=True)
    present = [voice for voice in wanted if voice.present()]
    shares = sum(voice.share for voice in present)
    for voice in present:
        seconds = args.hours * 3600 * voice.share / shares
        said = texts.draw(args.corpus, f"{args.seed}/{voice.corpus}")
        _write(voice, said, args, seconds=seconds, split="train")


def _write(voice: Voice, said: list[str], args: argparse.Namespace, *, seconds: float, split: str) -> None:
    written = corpus.write(
        voice,
        said,
        args.out,
        seconds=seconds,
        random=random.Random(f"{args.seed}/{voice.corpus}"),  # noqa: S311 - no secret
        split=split,
    )
    print(
        f"{voice.corpus}: {written.seconds / 3600:.2f} h, {written.utterances} utterances; left out:"
        f" {written.unknown.total()} for unknown phones {dict(written.unknown)},"
        f" {written.misfits} whose times and audio have different ends",
        flush=True,
    )


if __name__ == "__main__":
    main()
