"""Train the network of mascot-visemes and put it into the package.

First free synthesisers speak the texts of the corpora, with phone times that are exact. Then a teacher is trained,
which hears whole utterances of human speech, and corrects its labels. On both the network is trained that is shipped.

--minutes and --epochs are the network's, --teacher-minutes and --teacher-epochs the teacher's; each stops by whichever
comes first, and both pace the learning rate. Every epoch leaves a checkpoint in --out, from which the same command goes
on. The best epoch by the headline corpus is exported to ONNX with weights of 8 bits, the decoder is tuned for it on the
dev split, and the card is written with the figures of bench.accuracy.
"""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path

import torch

from tools.synthesis.__main__ import main as synthesise
from tools.train import card, corpus
from tools.train.export import write_onnx
from tools.train.loop import Run, Settings
from tools.train.net import Net
from tools.train.relabel import certain, relabel
from tools.train.teacher import Teacher
from tools.train.tune import tune

MODELS = Path("packages/mascot-visemes/src/mascot_visemes/models")


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
        "--synthetic-hours", type=float, default=2.0, help="synthetic speech to add, 0 for none (%(default)s)"
    )
    p.add_argument("--epochs", type=int, default=60, help="passes over the training speech (%(default)s)")
    p.add_argument("--minutes", type=float, default=math.inf, help="stop after this long (no limit)")
    p.add_argument("--teacher-epochs", type=int, default=12, help="the same for the teacher (%(default)s)")
    p.add_argument(
        "--teacher-minutes", type=float, default=math.inf, help="the same for the teacher (no limit)"
    )
    p.add_argument("--hidden", type=int, default=190, help="width of the network (%(default)s)")
    p.add_argument("--batch", type=int, default=40, help="examples a batch (%(default)s)")
    p.add_argument("--batches", type=int, default=180, help="batches an epoch (%(default)s)")
    p.add_argument("--steps", type=int, default=250, help="20 ms steps an example (%(default)s)")
    p.add_argument("--peak", type=float, default=2.5e-3, help="largest learning rate (%(default)s)")
    p.add_argument("--workers", type=int, default=1, help="processes that prepare examples (%(default)s)")
    p.add_argument("--threads", type=int, default=1, help="threads of torch (%(default)s)")
    p.add_argument("--seed", type=int, default=1, help="seed of everything random (%(default)s)")
    p.add_argument("--name", default="default", help="name of the model (%(default)s)")
    p.add_argument(
        "--models", type=Path, default=MODELS, help="where the ONNX file and card go (%(default)s)"
    )
    return p.parse_args(argv)


def _settings(args: argparse.Namespace, epochs: int, minutes: float) -> Settings:
    return Settings(
        epochs=epochs,
        minutes=minutes,
        batch=args.batch,
        batches=args.batches,
        steps=args.steps,
        peak=args.peak,
        workers=args.workers,
        threads=args.threads,
        seed=args.seed,
    )


def speech(args: argparse.Namespace) -> tuple[corpus.Corpus, corpus.Corpus]:
    """All speech there is to learn from, and the human part of it; makes the synthetic part if it is not there."""
    folders = [args.corpus]
    if args.synthetic_hours:
        made = args.out / "synthetic"
        if not made.exists():
            hours = str(args.synthetic_hours)
            unfinished = made.with_suffix(".unfinished")
            unfinished.mkdir(exist_ok=True)
            synthesise(["--corpus", str(args.corpus), "--out", str(unfinished), "--hours", hours])
            unfinished.rename(made)
        folders.append(made)
    data = corpus.load(folders, args.out / "cache")
    return data, data.only({listing.stem for listing in args.corpus.glob("*.jsonl")})


def wanted(args: argparse.Namespace, human: corpus.Corpus) -> torch.Tensor:
    """What the network is to learn: for human speech what a teacher makes of the labels, else the labels.

    Kept in `args.out`; trains the teacher if it is not there.
    """
    kept = args.out / "wanted.pt"
    if kept.exists() and len(table := torch.load(kept)) == len(human.learn) + 1:
        return table
    print("teacher", flush=True)
    settings = _settings(args, args.teacher_epochs, args.teacher_minutes)
    teacher = Run(settings, args.out / "teacher", human, certain(human.learn), Teacher).train()
    print(f"relabelling by the teacher of epoch {teacher.epoch}", flush=True)
    table = relabel(teacher.net, human)
    torch.save(table, kept)
    return table


def main(argv: list[str] | None = None) -> None:
    """Train, export, tune, write the card."""
    args = arguments(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    data, human = speech(args)
    table = wanted(args, human)
    print("network", flush=True)
    settings = _settings(args, args.epochs, args.minutes)
    best = Run(settings, args.out / "network", data, table, partial(Net, args.hidden)).train()
    args.models.mkdir(parents=True, exist_ok=True)
    graph = args.models / f"{args.name}.onnx"
    write_onnx(best.net, graph)
    card.write(graph.with_suffix(".json"), args, best, data)
    tune(graph, args.corpus, human)
    print(f"wrote {graph} ({graph.stat().st_size} bytes), epoch {best.epoch}", flush=True)


if __name__ == "__main__":
    main()
