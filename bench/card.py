"""Write a model card: a Markdown page and its confusion matrix, with figures measured by this command.

::

    python -m bench.card --corpus DIR --model default

writes ``docs/models/default.md`` and ``docs/models/default-confusion.png``. ``DIR`` is the folder of corpora, as in
`bench.accuracy`, which documents the figures and the conditions. The tables by language and condition come from
``--results``. Everything else comes from the JSON card that is stored with the network. These keys are used if the
card has them:

====================  ============================================================================================
the card itself       description, language (ISO 639-1), licence, version, architecture (an object: name to value)
each entry of data    source, about (kind of speech), speakers, train_hours, licence, labels (how they were made)
training              command, revision, date, epoch, seed, parameters
====================  ============================================================================================
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

import mascot_visemes as mv
from bench.accuracy import WHOLE, chunk_length
from bench.card_figures import report
from bench.card_languages import results
from bench.card_limits import named
from bench.card_picture import draw, figure_class
from bench.card_text import render
from bench.conditions import SAME_TIMES
from bench.corpus import folder_for

_ROOT = Path(__file__).parents[1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.card",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--corpus", type=Path, help="folder with <corpus>.jsonl files and their audio (bench/data/MODEL)"
    )
    parser.add_argument("--model", default="default", help="model to describe (%(default)s)")
    parser.add_argument(
        "--out", type=Path, default=_ROOT / "docs" / "models", help="folder to write to (docs/models)"
    )
    parser.add_argument("--split", default="dev", help="split to score (%(default)s)")
    parser.add_argument(
        "--headline", metavar="CORPUS", help="corpus that comes first in the card (the first by name)"
    )
    parser.add_argument(
        "--chunk-ms",
        type=chunk_length,
        nargs="+",
        default=[100, WHOLE],
        help="audio per call: milliseconds or 'whole'; figures per viseme are for the first (100 whole)",
    )
    parser.add_argument(
        "--condition",
        choices=SAME_TIMES,
        nargs="+",
        default=["clean", "mulaw8k", "noise10db"],
        help="conditions of the audio; figures per viseme are for the first (%(default)s)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="output of bench.accuracy --language all --json, one file per split and condition (none)",
    )
    parser.add_argument("--json", action="store_true", help="also print all figures as one JSON object")
    return parser


def _command(args: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Return the command that writes the card again, without the paths of this machine."""
    given = ["--corpus", "DIR"] if args.corpus else []
    words = ["python", "-m", "bench.card", *given, "--model", args.model]
    for name in ("split", "headline", "chunk_ms", "condition"):
        value = getattr(args, name)
        if value != parser.get_default(name):
            values = value if isinstance(value, list) else [value]
            words += ["--" + name.replace("_", "-")]
            words += [str(v) if isinstance(v, str) else "whole" if v == WHOLE else f"{v:g}" for v in values]
    return shlex.join([*words, "--results", "FILES"] if args.results else words)


def main() -> None:
    """Run the command."""
    parser = _parser()
    args = parser.parse_args()
    try:
        figure_class()
        engine = mv.load(args.model, shapes="oculus")
    except mv.MissingExtraError as error:
        raise SystemExit(str(error)) from None
    except mv.VisemeError as error:
        raise SystemExit(f"--model: {error}") from None
    result = report(
        engine,
        args.corpus or folder_for(args.model),
        args.split,
        conditions=args.condition,
        chunks=args.chunk_ms,
        headline=args.headline,
        results=results(args.results, args.model),
        progress=lambda text: print(text, file=sys.stderr, flush=True),
    )
    page, picture = args.out / f"{args.model}.md", args.out / f"{args.model}-confusion.png"
    first = result["runs"][0]
    title = f"{args.model}: {first['corpus']}, {first['condition']}, chunks: {named(first['chunk_ms'])}"
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        draw(picture, result["confusion"]["visemes"], result["confusion"]["rows"], title)
        page.write_text(render(result, _command(args, parser), picture.name), "utf-8")
    except OSError as error:
        raise SystemExit(f"--out: {error}") from None
    print(f"wrote {page} and {picture}", file=sys.stderr)
    if args.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
