"""Train the network of mascot-visemes and put it into the package.

Stops after --epochs or --minutes, whichever comes first; both also pace the learning rate. Every epoch leaves a
checkpoint in --out, from which the same command goes on. The best epoch by the headline corpus is exported to ONNX,
the decoder is tuned for it on the dev split, and the card is written with the figures of bench.accuracy.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch

from mascot_visemes.features import BANDS
from tools.train import card, corpus
from tools.train.export import write_onnx
from tools.train.loop import Run
from tools.train.net import Net
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
    p.add_argument("--epochs", type=int, default=20, help="passes over the training speech (%(default)s)")
    p.add_argument("--minutes", type=float, default=math.inf, help="stop after this long (no limit)")
    p.add_argument("--hidden", type=int, default=192, help="width of the network (%(default)s)")
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


def main(argv: list[str] | None = None) -> None:
    """Train, export, tune, write the card."""
    args = arguments(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    data = corpus.load(args.corpus, args.out / "cache")
    best = Run(args, data).train()
    if not best:
        raise SystemExit("nothing was trained: give --epochs or --minutes more")
    net = Net(best["hidden"], torch.zeros(BANDS), torch.ones(BANDS))
    net.load_state_dict(best["net"])
    args.models.mkdir(parents=True, exist_ok=True)
    graph = args.models / f"{args.name}.onnx"
    write_onnx(net, graph)
    card.write(graph.with_suffix(".json"), args, best, data)
    tune(graph, args.corpus, data)
    print(f"wrote {graph} ({graph.stat().st_size} bytes), epoch {best['epoch']}", flush=True)


if __name__ == "__main__":
    main()
