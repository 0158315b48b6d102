"""``python -m tools.train --corpus DIR --out DIR``: from speech to a network in the package.

Stops after ``--epochs`` or ``--minutes``, whichever comes first; both also pace the learning rate. Every epoch leaves a
checkpoint in ``--out``; the same command goes on from it. The best epoch by the headline corpus is exported.
"""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import nll_loss
from torch.utils.data import DataLoader, Dataset

from mascot_visemes.shapes import LABELS, SHAPES
from tools.train import corpus
from tools.train.augment import Examples
from tools.train.net import HEADS, PREDICTED, Net
from tools.train.score import accuracy, held_out

HEADLINE = "librispeech-dev-clean"
MODELS = Path("packages/mascot-visemes/src/mascot_visemes/models")
AHEAD = 2  # frames beyond the last step that heads 0 and 1 are asked for
_IGNORED = -100


class Batches(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """One epoch of batches, each drawn from its own seed so that workers and resuming change nothing."""

    def __init__(self, examples: Examples, size: int, count: int, seed: tuple[int, int]) -> None:
        self._examples = examples
        self._size = size
        self._count = count
        self._seed = seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if index >= self._count:
            raise IndexError(index)
        rng = np.random.default_rng((*self._seed, index))
        drawn = [self._examples.draw(rng) for _ in range(self._size)]
        bands = torch.from_numpy(np.stack([d[0] for d in drawn]))
        labels = torch.from_numpy(np.stack([d[1] for d in drawn]))
        return bands.reshape(self._size, -1, 2 * bands.shape[2]), labels


def targets(labels: torch.Tensor, steps: int) -> torch.Tensor:
    """Label each head is to give at each step, shape (batch, steps, HEADS); ignored before the first frame."""
    frame = 2 * torch.arange(steps)[:, None] + 3 - torch.arange(HEADS)
    chosen = labels.long()[:, frame.clamp(min=0)]
    return chosen.masked_fill(frame < 0, _IGNORED)


class Loss:
    """Cross entropy over phonemes and over Oculus visemes, half each; predictive heads count less.

    Visemes are what is shown and scored; phonemes are what every viseme set is summed from.
    """

    def __init__(self) -> None:
        self._visemes = torch.from_numpy(SHAPES["oculus"].matrix(LABELS))
        self._owner = torch.cat((self._visemes.argmax(1), torch.tensor([_IGNORED])))
        weight = torch.ones(HEADS)
        weight[:PREDICTED] = torch.tensor([0.15, 0.35])
        self._weight = weight / weight.sum()

    def __call__(self, logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Loss of logits (batch, steps, HEADS, labels) against labels (batch, steps, HEADS)."""
        wanted = wanted.reshape(-1)
        logp = logits.reshape(len(wanted), -1).log_softmax(-1)
        seen = wanted >= 0
        phones = nll_loss(logp, wanted, ignore_index=_IGNORED, reduction="none")
        shown = (logp.exp() @ self._visemes).clamp(min=1e-6).log()
        owners = self._owner[wanted.masked_fill(~seen, len(LABELS))]
        visemes = nll_loss(shown, owners, ignore_index=_IGNORED, reduction="none")
        # Smoothing keeps posteriors of wrong labels finite: alignments are a frame or two off in places.
        smooth = -logp.mean(1) * seen
        each = (0.5 * phones + 0.5 * visemes + 0.02 * smooth).reshape(-1, HEADS)
        return (each.mean(0) * self._weight).sum()


class Average:
    """Exponential moving average of the weights: what is scored and exported."""

    def __init__(self, net: Net, decay: float) -> None:
        self.weights = {k: v.clone() for k, v in net.state_dict().items()}
        self._decay = decay
        self._count = 0

    def update(self, net: Net) -> None:
        """Take in the weights after an optimiser step."""
        self._count += 1
        decay = min(self._decay, self._count / (self._count + 10))
        for name, value in net.state_dict().items():
            self.weights[name].lerp_(value, 1.0 - decay)


def learning_rate(progress: float, peak: float) -> float:
    """Short warm-up, then a cosine down to a fiftieth of the peak."""
    if progress < 0.03:
        return peak * (0.1 + 0.9 * progress / 0.03)
    fall = 0.5 * (1.0 + math.cos(math.pi * min(1.0, (progress - 0.03) / 0.97)))
    return peak * (0.02 + 0.98 * fall)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(prog="python -m tools.train", description=__doc__)
    p.add_argument("--corpus", type=Path, required=True, help="folder with <corpus>.jsonl and the audio they name")
    p.add_argument("--out", type=Path, required=True, help="folder of the run: cached audio, checkpoints")
    p.add_argument("--epochs", type=int, default=18, help="passes over the training speech (%(default)s)")
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
    p.add_argument("--models", type=Path, default=MODELS, help="where the ONNX file and card go (%(default)s)")
    return p.parse_args(argv)


def train(args: argparse.Namespace, data: corpus.Corpus) -> dict[str, Any]:
    """Train until the time or the epochs are over; returns the best checkpoint."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    examples = Examples(data, args.steps, AHEAD)
    held = held_out(data)
    sample = Batches(examples, 200, 1, (args.seed, 0))[0][0].reshape(-1, held[0].bands.shape[1])
    net = Net(args.hidden, sample.mean(0), sample.std(0))
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.peak, weight_decay=0.02)
    average = Average(net, 0.998)
    scored = Net(args.hidden, sample.mean(0), sample.std(0))
    loss_of = Loss()
    best: dict[str, Any] = {}
    first, spent = 1, 0.0
    last_file, best_file = args.out / "last.pt", args.out / "best.pt"
    if last_file.exists():
        last = torch.load(last_file)
        net.load_state_dict(last["net"])
        optimiser.load_state_dict(last["optimiser"])
        average.weights, average._count = last["average"], last["count"]
        first, spent = last["epoch"] + 1, last["seconds"]
        best = torch.load(best_file)
        print(f"going on from epoch {last['epoch']}", flush=True)
    print(f"{sum(p.numel() for p in net.parameters())} parameters", flush=True)
    begun = time.monotonic() - spent
    for epoch in range(first, args.epochs + 1):
        if time.monotonic() - begun >= 60 * args.minutes:
            break
        net.train()
        batches = Batches(examples, args.batch, args.batches, (args.seed, epoch))
        losses = []
        loader = DataLoader(batches, batch_size=None, num_workers=args.workers, prefetch_factor=6 if args.workers else None)
        for done, (steps, labels) in enumerate(loader):
            part = (epoch - 1 + done / args.batches) / args.epochs
            progress = max(part, (time.monotonic() - begun) / 60 / args.minutes)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(progress, args.peak)
            hidden, _ = net.body(steps, torch.zeros(len(steps), net.state_size))
            loss = loss_of(net.logits(hidden), targets(labels, steps.shape[1]))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            average.update(net)
            losses.append(loss.item())
            if done % 20 == 19:
                elapsed = (time.monotonic() - begun) / 60
                print(f"  epoch {epoch} batch {done + 1} loss {np.mean(losses[-20:]):.3f} {elapsed:.1f} min", flush=True)
            if progress >= 1.0:
                break
        scored.load_state_dict(average.weights)
        right = accuracy(scored, held)
        seconds = time.monotonic() - begun
        figures = " ".join(f"{name} {value:.4f}" for name, value in right.items())
        print(f"epoch {epoch} loss {np.mean(losses):.3f} {figures} {seconds / 60:.1f} min", flush=True)
        if right[HEADLINE] > best.get("right", {HEADLINE: 0.0})[HEADLINE]:
            best = {"net": dict(scored.state_dict()), "epoch": epoch, "right": right, "hidden": args.hidden}
            best = {k: ({n: t.clone() for n, t in v.items()} if k == "net" else v) for k, v in best.items()}
            torch.save(best, best_file)
        torch.save(
            {
                "net": net.state_dict(),
                "optimiser": optimiser.state_dict(),
                "average": average.weights,
                "count": average._count,
                "epoch": epoch,
                "seconds": seconds,
            },
            last_file,
        )
    return best


def main(argv: list[str] | None = None) -> None:
    """Train, export, write the card."""
    args = arguments(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    data = corpus.load(args.corpus, args.out / "cache")
    best = train(args, data)
    net = Net(best["hidden"], torch.zeros(40), torch.ones(40))
    net.load_state_dict(best["net"])
    from tools.train import card
    from tools.train.export import write_onnx
    args.models.mkdir(parents=True, exist_ok=True)
    path = args.models / f"{args.name}.onnx"
    write_onnx(net, path)
    command = "python -m tools.train " + shlex.join(sys.argv[1:] if argv is None else argv)
    card.write(path.with_suffix(".json"), args, best, data, command)
    print(f"wrote {path} ({path.stat().st_size} bytes), epoch {best['epoch']}", flush=True)


if __name__ == "__main__":
    main()
