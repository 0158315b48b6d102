"""Train a network for mascot-visemes.

First, free synthesisers speak the texts of the English corpora, with exact phone times. Then a teacher, which runs
Whisper's encoder on whole utterances of human speech, corrects the labels of the corpora. The network is trained on the
corrected labels.

--teacher names a larger network, from which the new one is distilled. The target of a frame is partly the teacher's
posteriors. The teacher processes whole recordings without augmentation; the network gets them with augmentation.

For all languages (mul) --speech names folders with the other languages' speech, aligned (tools.train.forced) or
synthetic (tools.synthesis.world), whose phones are labels of mascot_visemes.inventory. The teacher (--whisper-teacher)
corrects all human speech; without it, the network of --start, if it is one shipped, corrects the English labels.

The network stops by --minutes or --epochs, whichever comes first, and both pace the learning rate. Every epoch leaves a
checkpoint in --out, from which the same command goes on. The best epoch is exported to ONNX in --out/model, in 8-bit
integers; the decoder is tuned for it on the dev split, and the card is written with the figures of bench.accuracy. What
the run was made of stands in --out/run.json. The package keeps the model it has: tools.train.promote replaces that.
"""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from mascot_visemes.features import BANDS
from tools.synthesis.__main__ import main as synthesise
from tools.train import card, corpus, record, whisper
from tools.train.begin import begun
from tools.train.encoder import EncoderNet
from tools.train.export import write_onnx
from tools.train.gru import GruNet
from tools.train.language import LANGUAGES, Language
from tools.train.loop import Run, Settings
from tools.train.net import DROPOUT
from tools.train.packaged import loaded
from tools.train.relabel import SHARE, certain, distilled, heard_by, relabel
from tools.train.start import added, heard, mix, started
from tools.train.teacher import Lesson, told
from tools.train.tune import measure, tune

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tools.train.start import Made

_CONTINUED = 0.32  # part of the largest learning rate with which a trained network is trained on
_MEASURED = 25  # utterances on which Whisper's layers are measured
_SECONDS = 20  # of each, at most


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(
        prog="python -m tools.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "--corpus", type=Path, required=True, help="folder with <corpus>.jsonl and the audio they name"
    )
    p.add_argument("--out", type=Path, required=True, help="folder of the run: cached audio, checkpoints")
    p.add_argument(
        "--speech",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="further folders with <corpus>.jsonl",
    )
    p.add_argument("--language", choices=list(LANGUAGES), default="en", help="%(choices)s (%(default)s)")
    p.add_argument(
        "--start",
        type=Path,
        metavar="RUN",
        help="what to start from: the folder of an English run, for its network and labels, or a network shipped, "
        "<model>.onnx",
    )
    p.add_argument(
        "--fresh",
        action="store_true",
        help="of --start take the labels alone and train a network from nothing, of any width",
    )
    p.add_argument(
        "--synthetic-hours",
        type=float,
        help="synthetic speech of --language to add, 0 for none (2, for all languages 0)",
    )
    p.add_argument(
        "--teacher",
        type=Path,
        metavar="NETWORK",
        help="distil from this network, <model>.onnx with its card beside it, whose labels are those of --language",
    )
    p.add_argument(
        "--teacher-share",
        type=float,
        default=SHARE,
        help="weight of the posteriors of --teacher in the target; the label has the rest (%(default)s)",
    )
    p.add_argument(
        "--whisper-teacher",
        action="store_true",
        help="correct the labels of all human speech with a teacher that has Whisper's encoder, as for English, in "
        "place of the network of --start",
    )
    p.add_argument(
        "--teacher-epochs",
        type=float,
        default=4.0,
        help="passes over the speech of the teacher that is trained where --teacher names none (%(default)s)",
    )
    p.add_argument("--epochs", type=int, default=40, help="epochs of the network (%(default)s)")
    p.add_argument(
        "--minutes", type=float, default=math.inf, help="stop the network after this long (no limit)"
    )
    p.add_argument(
        "--layers",
        type=int,
        help="layers of Whisper's encoder that the network begins from, 0 for a network of GRU layers alone (what the "
        "language's own model has)",
    )
    p.add_argument("--inner", type=int, default=896, help="width inside those layers (%(default)s)")
    p.add_argument("--hidden", type=int, default=192, help="width of the GRU layers (%(default)s)")
    p.add_argument(
        "--dropout",
        type=float,
        default=DROPOUT,
        help="share of hidden units left out in training (%(default)s)",
    )
    p.add_argument("--batch", type=int, default=40, help="examples a batch (%(default)s)")
    p.add_argument("--batches", type=int, default=180, help="batches an epoch (%(default)s)")
    p.add_argument("--steps", type=int, default=250, help="20 ms steps an example (%(default)s)")
    p.add_argument("--peak", type=float, default=2.5e-3, help="largest learning rate (%(default)s)")
    p.add_argument(
        "--passes",
        type=int,
        default=1,
        help="times that each example is learnt from, in any order (%(default)s)",
    )
    p.add_argument(
        "--workers",
        type=int,
        default=1,
        help="processes that prepare examples, for each that trains (%(default)s)",
    )
    p.add_argument(
        "--processes",
        type=int,
        default=1,
        help="processes that train together, each on --batch examples at a time (%(default)s)",
    )
    p.add_argument("--threads", type=int, default=1, help="threads of torch (%(default)s)")
    p.add_argument("--seed", type=int, default=1, help="seed of everything random (%(default)s)")
    p.add_argument(
        "--scored", type=int, default=10_000, help="dev utterances a corpus scored after an epoch (all)"
    )
    p.add_argument(
        "--kept-epochs",
        type=int,
        default=0,
        help="epochs at the beginning in which Whisper's layers are left as they are (%(default)s)",
    )
    p.add_argument(
        "--kept-examples", type=int, default=2000, help="examples heard once for those epochs (%(default)s)"
    )
    p.add_argument(
        "--decoder",
        type=Path,
        metavar="CARD",
        help="take the decoder's constants of another model's card: no tuning",
    )
    p.add_argument(
        "--mix",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="export the mean of the network trained, which has this share, and the one of --start (%(default)s)",
    )
    p.add_argument("--name", help="name of the model (default)")
    args = p.parse_args(argv)
    language = LANGUAGES[args.language]
    args.name = args.name or language.model
    args.layers = language.layers if args.layers is None else args.layers
    if args.synthetic_hours is None:
        args.synthetic_hours = 0.0 if args.language == "mul" else 2.0
    if message := _objection(args):
        p.error(message)
    return args


def _objection(args: argparse.Namespace) -> str:
    """What is wrong with the options; nothing if they fit together."""
    if args.fresh and not args.start:
        return "--fresh goes with --start"
    if args.mix != 1.0 and (args.fresh or not args.start):
        return "--mix goes with --start, and not with --fresh"
    if args.whisper_teacher and (args.teacher or (args.start and args.start.is_dir())):
        return "--whisper-teacher goes neither with --teacher nor with a run to start from"
    if args.processes > 1 and args.kept_epochs:
        return "--kept-epochs goes with one of --processes"
    if not 0.0 <= args.teacher_share <= 1.0:
        return f"--teacher-share: {args.teacher_share:g} is not between 0 and 1"
    paths = {name: getattr(args, name) for name in ("start", "teacher")}
    missing = (f"--{name}: there is no {path}" for name, path in paths.items() if path and not path.exists())
    return next(missing, "")


def _settings(args: argparse.Namespace, peak: float) -> Settings:
    """How to train the network; `peak` is its part of the largest learning rate."""
    return Settings(
        epochs=args.epochs,
        minutes=args.minutes,
        batch=args.batch,
        batches=args.batches,
        steps=args.steps,
        passes=args.passes,
        peak=peak * args.peak,
        workers=args.workers,
        processes=args.processes,
        threads=args.threads,
        seed=args.seed,
        scored=args.scored,
        kept_epochs=args.kept_epochs,
        kept_examples=args.kept_examples,
    )


def speech(args: argparse.Namespace, language: Language) -> corpus.Corpus:
    """All speech there is to learn from and to score on; makes the synthetic part if it is not there."""
    folders = [args.corpus, *args.speech]
    if args.synthetic_hours:
        made = args.out / "synthetic"
        if not made.exists():
            unfinished = made.with_suffix(".unfinished")
            unfinished.mkdir(exist_ok=True)
            options = ["--corpus", str(args.corpus), "--out", str(unfinished)]
            synthesise([*options, "--hours", str(args.synthetic_hours)])
            unfinished.rename(made)
        folders.append(made)
    return corpus.load(folders, args.out / "cache", language)


def wanted(args: argparse.Namespace, data: corpus.Corpus) -> torch.Tensor:
    """What the network is to learn, kept in `args.out`.

    For human speech what a teacher makes of the labels, which is trained if it is not there; else the labels. Runs that
    start from another run take over what that has made.
    """
    kept = args.out / "wanted.pt"
    if kept.exists():
        table: torch.Tensor = torch.load(kept)
        if len(table) == len(data.learn) + 1:
            return table
    if args.teacher:
        teacher = loaded(args.teacher)
        if not set(teacher.labels) <= set(data.language.labels):
            raise SystemExit(
                f"--teacher: {args.teacher} tells labels that --language {data.language.code} lacks"
            )
        table = relabel(data, distilled(teacher, data, args.out / "heard"), args.teacher_share)
    elif args.start and args.start.is_dir():
        table = heard(args.start, args.corpus, data)
    elif args.language == "mul" and args.start and not args.whisper_teacher:
        english = {listing.stem for listing in args.corpus.glob("*.jsonl")}
        spoken = [u for u in data.split("train") if u.corpus in english]
        table = relabel(data, heard_by(loaded(args.start), data, spoken))
    elif data.language.corrected or args.whisper_teacher:
        human = data.only(_human(args, data))
        torch.set_num_threads(args.threads)
        lesson = Lesson(human, whisper.listen(human, args.out / "whisper", args.threads))
        taught = told(lesson, args.out / "teacher", certain(human), args.teacher_epochs, args.seed)
        table = relabel(human, taught)
    else:
        table = certain(data)
    torch.save(table, kept)
    return table


def _human(args: argparse.Namespace, data: corpus.Corpus) -> set[str]:
    """Corpora of people: the English ones, and those whose name begins with the code of their language."""
    english = {listing.stem for listing in args.corpus.glob("*.jsonl")}
    return english | {u.corpus for u in data.utterances if corpus.language_of(u.corpus) != "en"}


def _sample(data: corpus.Corpus) -> list[NDArray[np.float32]]:
    """Some speech of the headline corpus, -1..1."""
    pool = [u for u in data.split("train") if u.corpus == data.language.headline]
    chosen = pool[:: max(1, len(pool) // _MEASURED)]
    parts = (data.audio[u.sample : u.sample + min(u.samples, _SECONDS * corpus.RATE)] for u in chosen)
    return [part.astype(np.float32) / np.float32(32768.0) for part in parts]


def _network(args: argparse.Namespace, data: corpus.Corpus) -> tuple[Made, float]:
    """What makes the network to train, and its part of the largest learning rate."""
    labels = len(data.language.labels)
    plain: Made
    if args.layers:
        plain = partial(
            EncoderNet, args.hidden, labels, dropout=args.dropout, layers=args.layers, inner=args.inner
        )
    else:
        plain = partial(GruNet, args.hidden, labels, dropout=args.dropout)
    if args.start and not args.fresh:
        begin = args.start if args.start.is_file() else args.start / "network"
        return partial(started, begin, data.language, plain), _CONTINUED
    if args.layers:
        return partial(begun, whisper.model(args.out / "whisper" / "base"), _sample(data), plain), 1.0
    return plain, 1.0


def main(argv: list[str] | None = None) -> None:
    """Train, export, tune, write the card."""
    args = arguments(argv)
    language = LANGUAGES[args.language]
    if args.teacher and not set(loaded(args.teacher).labels) <= set(language.labels):
        raise SystemExit(f"--teacher: {args.teacher} tells labels that --language {language.code} lacks")
    args.out.mkdir(parents=True, exist_ok=True)
    data = speech(args, language)
    record.write(args, data)
    table = wanted(args, data)
    make, peak = _network(args, data)
    run = Run(_settings(args, peak), args.out / "network", data, table, make)
    best = run.train()
    if args.mix != 1.0:
        nothing = torch.zeros(BANDS), torch.ones(BANDS)  # the network of --start has its own statistics
        mix(best.net, make(*nothing), args.mix, added(args.start, language))
    models = args.out / "model"
    models.mkdir(exist_ok=True)
    graph = models / f"{args.name}.onnx"
    write_onnx(best.net, graph, run.sample)
    card.write(graph.with_suffix(".json"), args, best, data)
    if args.decoder:
        card.take_decoder(graph.with_suffix(".json"), args.decoder)
        measure(graph, args.corpus)
    else:
        tune(graph, args.corpus, data)
    print(f"wrote {graph} ({graph.stat().st_size} bytes), epoch {best.epoch}", flush=True)


if __name__ == "__main__":
    main()
