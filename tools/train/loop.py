"""The training loop: epochs, checkpoints, the best one by the headline corpus."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from tools.train.augment import Examples
from tools.train.batches import Batches
from tools.train.loss import AHEAD, Loss, targets
from tools.train.net import Net
from tools.train.score import accuracy, held_out

if TYPE_CHECKING:
    import argparse

    from tools.train.corpus import Corpus
    from tools.train.score import Held

HEADLINE = "librispeech-dev-clean"

_WARM_UP = 0.03  # share of the training over which the learning rate rises
_REPORT_EVERY = 20  # batches
_DECAY = 0.998  # of the moving average of the weights
_STATISTICS_EXAMPLES = 200


class Average:
    """Exponential moving average of the weights: what is scored and exported."""

    def __init__(self, net: Net) -> None:
        self.weights = {k: v.clone() for k, v in net.state_dict().items()}
        self.count = 0

    def update(self, net: Net) -> None:
        """Take in the weights after an optimiser step."""
        self.count += 1
        decay = min(_DECAY, self.count / (self.count + 10))
        for name, value in net.state_dict().items():
            self.weights[name].lerp_(value, 1.0 - decay)


def learning_rate(progress: float, peak: float) -> float:
    """Short warm-up, then a cosine down to a fiftieth of the peak."""
    if progress < _WARM_UP:
        return peak * (0.1 + 0.9 * progress / _WARM_UP)
    fall = 0.5 * (1.0 + math.cos(math.pi * min(1.0, (progress - _WARM_UP) / (1.0 - _WARM_UP))))
    return peak * (0.02 + 0.98 * fall)


class Run:
    """One training run, from its checkpoint if there is one.

    Args:
        args: The command line's.
        data: The corpora.
    """

    def __init__(self, args: argparse.Namespace, data: Corpus) -> None:
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        self._args = args
        self._examples = Examples(data, args.steps, AHEAD)
        sample, _ = Batches(self._examples, _STATISTICS_EXAMPLES, 1, (args.seed, 0))[0]
        self._held: list[Held] = held_out(data)
        bands = sample.reshape(-1, sample.shape[2] // 2)
        self._net = Net(args.hidden, bands.mean(0), bands.std(0))
        self._scored = Net(args.hidden, bands.mean(0), bands.std(0))
        self._optimiser = torch.optim.AdamW(self._net.parameters(), lr=args.peak, weight_decay=0.02)
        self._average = Average(self._net)
        self._loss = Loss()
        self._epoch = 0
        self._best: dict[str, Any] = {}
        spent = self._resume()
        self._begun = time.monotonic() - spent

    def _resume(self) -> float:
        file = self._args.out / "last.pt"
        if not file.exists():
            return 0.0
        last = torch.load(file)
        self._net.load_state_dict(last["net"])
        self._optimiser.load_state_dict(last["optimiser"])
        self._average.weights, self._average.count = last["average"], last["count"]
        self._epoch = last["epoch"]
        self._best = torch.load(self._args.out / "best.pt")
        print(f"going on from epoch {self._epoch}", flush=True)
        return float(last["seconds"])

    @property
    def _minutes(self) -> float:
        return (time.monotonic() - self._begun) / 60

    def train(self) -> dict[str, Any]:
        """Train until the epochs or the minutes are over; returns the best checkpoint."""
        print(f"{sum(p.numel() for p in self._net.parameters())} parameters", flush=True)
        while self._epoch < self._args.epochs and self._minutes < self._args.minutes:
            loss = self._train_epoch()
            self._epoch += 1
            self._scored.load_state_dict(self._average.weights)
            right = accuracy(self._scored, self._held)
            figures = " ".join(f"{name} {value:.4f}" for name, value in right.items())
            print(f"epoch {self._epoch} loss {loss:.3f} {figures} {self._minutes:.1f} min", flush=True)
            self._save(right)
        return self._best

    def _train_epoch(self) -> float:
        args, net = self._args, self._net
        net.train()
        batches = Batches(self._examples, args.batch, args.batches, (args.seed, self._epoch + 1))
        prefetch = 6 if args.workers else None
        losses: list[float] = []
        for steps, labels in DataLoader(
            batches, batch_size=None, num_workers=args.workers, prefetch_factor=prefetch
        ):
            part = (self._epoch + len(losses) / args.batches) / args.epochs
            progress = max(part, self._minutes / args.minutes)
            for group in self._optimiser.param_groups:
                group["lr"] = learning_rate(progress, args.peak)
            hidden, _ = net.body(steps, torch.zeros(len(steps), net.state_size))
            loss = self._loss(net.logits(hidden), targets(labels, steps.shape[1]))
            self._optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            self._optimiser.step()
            self._average.update(net)
            losses.append(loss.item())
            if len(losses) % _REPORT_EVERY == 0:
                recent = np.mean(losses[-_REPORT_EVERY:])
                print(
                    f"  epoch {self._epoch + 1} batch {len(losses)} loss {recent:.3f} {self._minutes:.1f} min",
                    flush=True,
                )
            if progress >= 1.0:
                break
        return float(np.mean(losses))

    def _save(self, right: dict[str, float]) -> None:
        if right[HEADLINE] > self._best.get("right", {HEADLINE: 0.0})[HEADLINE]:
            weights = {name: value.clone() for name, value in self._scored.state_dict().items()}
            self._best = {"net": weights, "epoch": self._epoch, "right": right, "hidden": self._args.hidden}
            torch.save(self._best, self._args.out / "best.pt")
        last = {
            "net": self._net.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self._average.weights,
            "count": self._average.count,
            "epoch": self._epoch,
            "seconds": 60 * self._minutes,
        }
        torch.save(last, self._args.out / "last.pt")
