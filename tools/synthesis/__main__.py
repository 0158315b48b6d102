"""Make synthetic training speech with every free synthesiser that is installed.

Each voice becomes a corpus of its own in --out, in the form of the corpora in --corpus, whose training texts it
speaks. A voice that is not installed is left out, and a line names the Debian package that brings it.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from tools.synthesis import corpus, espeak, festival, flite, texts

VOICES = (*festival.VOICES, *flite.VOICES, *espeak.VOICES)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(prog="python -m tools.synthesis", description=__doc__)
    p.add_argument(
        "--corpus", type=Path, required=True, help="folder with <corpus>.jsonl whose texts are spoken"
    )
    p.add_argument("--out", type=Path, required=True, help="folder that the corpora are written into")
    p.add_argument("--hours", type=float, default=1.5, help="of speech, all voices together (%(default)s)")
    p.add_argument("--seed", type=int, default=1, help="of everything random (%(default)s)")
    p.add_argument(
        "--voices",
        nargs="+",
        choices=[voice.corpus for voice in VOICES],
        metavar="VOICE",
        help="only these, of: %(choices)s",
    )
    return p.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Speak with every voice in turn."""
    args = arguments(argv)
    wanted = [voice for voice in VOICES if not args.voices or voice.corpus in args.voices]
    for voice in wanted:
        if not voice.present():
            print(
                f"{voice.corpus}: left out, it is not installed: apt-get install {voice.package}", flush=True
            )
    present = [voice for voice in wanted if voice.present()]
    shares = sum(voice.share for voice in present)
    for voice in present:
        seed = f"{args.seed}/{voice.corpus}"
        written = corpus.write(
            voice,
            texts.draw(args.corpus, seed),
            args.out,
            seconds=args.hours * 3600 * voice.share / shares,
            random=random.Random(seed),  # noqa: S311 - no secret
        )
        print(
            f"{voice.corpus}: {written.seconds / 3600:.2f} h, {written.utterances} utterances; left out:"
            f" {written.unknown.total()} for unknown phones {dict(written.unknown)},"
            f" {written.misfits} whose times miss the end of the audio",
            flush=True,
        )


if __name__ == "__main__":
    main()
