"""The training loop: epochs, checkpoints, the best one by the headline corpus."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from tools.train.augment import Examples
from tools.train.batches import Batches
from tools.train.encoder import EncoderNet
from tools.train.kept import Kept
from tools.train.loss import AHEAD, Loss
from tools.train.score import accuracy, held_out
from tools.train.together import average, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tools.train.corpus import Corpus
    from tools.train.net import Net
    from tools.train.score import Held
    from tools.train.start import Made

_WARM_UP = 0.03  # share of the training over which the learning rate rises
_REPORT_EVERY = 20  # batches
_DECAY = 0.998  # of the moving average of the weights
_STATISTICS_EXAMPLES = 200
_MIXED = 12  # batches whose examples are mixed where they are learnt from more than once


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train.

    Attributes:
        epochs, minutes: When to stop, whichever comes first; both pace the learning rate.
        batch: Examples a batch.
        batches: Batches an epoch.
        steps: Length of an example in 20 ms steps.
        passes: Times that an example that was drawn is learnt from.
        peak: Largest learning rate.
        workers: Processes that prepare examples, for each that trains.
        processes: Processes that train together, each on `batch` examples.
        threads: Threads of torch.
        seed: Of everything random.
        scored: Dev utterances of each corpus that are scored after an epoch, at most.
        kept_epochs: Epochs at the beginning in which Whisper's layers are kept as they are.
        kept_examples: Examples that are heard once, for those epochs.
    """

    epochs: int
    minutes: float
    batch: int
    batches: int
    steps: int
    passes: int
    peak: float
    workers: int
    processes: int
    threads: int
    seed: int
    scored: int
    kept_epochs: int
    kept_examples: int


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch that was best on the headline corpus.

    Attributes:
        net: The network, its weights averaged.
        epoch: Its number.
        right: Frame accuracy (0 to 1) by corpus.
    """

    net: Net
    epoch: int
    right: dict[str, float]


_Answers = tuple[
    torch.Tensor, torch.Tensor, torch.Tensor
]  # logits, which frames they tell, rows of what is wanted


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


def repeated(
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]], passes: int, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches whose examples come `passes` times each, those of a few batches mixed.

    Where it costs more to draw an example than to learn from it, a network learns more in the same time from some that
    it has had before (data echoing, Choi et al. 2019).
    """
    if passes == 1:
        yield from batches
        return
    rest = iter(batches)
    while few := list(islice(rest, _MIXED)):
        steps, rows = (torch.cat(parts) for parts in zip(*few, strict=True))
        for _ in range(passes):
            order = torch.from_numpy(rng.permutation(len(steps)))
            for chosen in order.split(len(few[0][0])):
                yield steps[chosen], rows[chosen]


class Run:
    """One training run, from its checkpoint if there is one.

    Args:
        settings: How to train.
        out: Folder of the checkpoints; made if absent.
        data: The corpora.
        wanted: What to learn, as `Loss` takes it.
        make: Makes the network, given mean and standard deviation of the bands.

    Attributes:
        sample: Some examples, shape (examples, steps, 2 * BANDS).
    """

    def __init__(
        self,
        settings: Settings,
        out: Path,
        data: Corpus,
        wanted: torch.Tensor,
        make: Made,
    ) -> None:
        torch.manual_seed(settings.seed)
        torch.set_num_threads(settings.threads)
        out.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._out = out
        self._examples = Examples(data, settings.steps, AHEAD)
        self.sample, _ = Batches(self._examples, _STATISTICS_EXAMPLES, 1, (settings.seed, 0))[0]
        self._held: list[Held] = held_out(data, settings.scored)
        bands = self.sample.reshape(-1, self.sample.shape[2] // 2)
        self._net = make(bands.mean(0), bands.std(0))
        self._scored = copy.deepcopy(self._net)
        self._optimiser = torch.optim.AdamW(self._net.groups(), lr=settings.peak, weight_decay=0.02)
        self._average = Average(self._net)
        self._labels = data.language.labels
        self._merit = data.language.merit
        self._loss = Loss(wanted, self._labels)
        self._epoch = 0
        self._best: dict[str, Any] = {}
        spent = self._resume()
        self._begun = time.monotonic() - spent
        self._progress = self._minutes / settings.minutes

    def _resume(self) -> float:
        file = self._out / "last.pt"
        if not file.exists():
            return 0.0
        last = torch.load(file)
        self._net.load_state_dict(last["net"])
        self._optimiser.load_state_dict(last["optimiser"])
        self._average.weights, self._average.count = last["average"], last["count"]
        self._epoch = last["epoch"]
        torch.set_rng_state(last["random"])
        self._best = torch.load(self._out / "best.pt")
        print(f"going on from epoch {self._epoch}", flush=True)
        return float(last["seconds"])

    @property
    def _minutes(self) -> float:
        return (time.monotonic() - self._begun) / 60

    def train(self) -> Best:
        """Train until the epochs or the minutes are over; returns the best network.

        Raises:
            SystemExit: No epoch was completed.
        """
        settings = self._settings
        print(f"{sum(p.numel() for p in self._net.parameters())} parameters", flush=True)
        with together(settings.processes, self._out / "meeting") as number:
            self._train(number)
        if not self._best:
            raise SystemExit(f"{self._out.name}: nothing was trained: give this stage more epochs or minutes")
        self._scored.load_state_dict(self._best["net"])
        return Best(self._scored.eval(), self._best["epoch"], self._best["right"])

    def _train(self, number: int) -> None:
        """Train epoch after epoch; the first of the processes scores and saves."""
        settings = self._settings
        while self._epoch < settings.epochs and self._progress < 1.0:
            loss = self._train_epoch(number)
            self._epoch += 1
            if number:
                continue
            self._scored.load_state_dict(self._average.weights)
            right = accuracy(self._scored, self._held, self._labels)
            figures = " ".join(f"{name} {value:.4f}" for name, value in right.items())
            merit = self._merit(right)
            print(
                f"epoch {self._epoch} loss {loss:.3f} merit {merit:.4f} {figures} {self._minutes:.1f} min",
                flush=True,
            )
            self._save(right)

    def _train_epoch(self, number: int) -> float:
        settings, net = self._settings, self._net
        net.train()
        losses: list[float] = []
        for logits, frames, rows in (
            self._kept() if self._epoch < settings.kept_epochs else self._drawn(number)
        ):
            part = (self._epoch + len(losses) / settings.batches) / settings.epochs
            loss = self._loss(logits, frames, rows)
            self._optimiser.zero_grad()
            loss.backward()
            self._progress = average(net.parameters(), max(part, self._minutes / settings.minutes))
            for group in self._optimiser.param_groups:
                group["lr"] = group["share"] * learning_rate(self._progress, settings.peak)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            self._optimiser.step()
            self._average.update(net)
            losses.append(loss.item())
            if number == 0 and len(losses) % _REPORT_EVERY == 0:
                recent = np.mean(losses[-_REPORT_EVERY:])
                print(
                    f"  epoch {self._epoch + 1} batch {len(losses)} loss {recent:.3f} {self._minutes:.1f} min",
                    flush=True,
                )
            if self._progress >= 1.0:
                break
        return float(np.mean(losses))

    def _drawn(self, process: int) -> Iterator[_Answers]:
        """Answers to the batches of an epoch, each process drawing its own."""
        settings = self._settings
        count = -(-settings.batches // settings.passes)
        seed = settings.seed + (process << 32), self._epoch + 1
        batches = Batches(self._examples, settings.batch, count, seed)
        prefetch = 6 if settings.workers else None
        loader = DataLoader(batches, batch_size=None, num_workers=settings.workers, prefetch_factor=prefetch)
        rng = np.random.default_rng(seed)
        for number, (steps, rows) in enumerate(repeated(loader, settings.passes, rng)):
            yield *self._net.read(steps, number), rows

    def _kept(self) -> Iterator[_Answers]:
        """Answers to the batches of an epoch in which Whisper's layers are kept."""
        settings, net = self._settings, self._net
        if not isinstance(net, EncoderNet):
            raise SystemExit("--kept-epochs: this network has no layers of Whisper's")
        kept = Kept(self._out / "kept", self._examples, settings.kept_examples, settings.steps, settings.seed)
        # Half of the examples do for the first epoch, the others come while it goes on.
        wanted = settings.kept_examples * (self._epoch + 2) / 4
        while kept.filled < wanted and kept.fill(net):
            pass
        net.train()
        rng = np.random.default_rng((settings.seed, self._epoch + 1))
        for number in range(settings.batches):
            heard, around, rows = kept.batch(rng, settings.batch)
            hidden, _ = net.upper(heard, around, heard.new_zeros(len(heard), net.hidden))
            yield *net.read_out(hidden, number), rows

    def _save(self, right: dict[str, float]) -> None:
        if not self._best or self._merit(right) >= self._merit(self._best["right"]):
            weights = {name: value.clone() for name, value in self._scored.state_dict().items()}
            self._best = {"net": weights, "epoch": self._epoch, "right": right}
            torch.save(self._best, self._out / "best.pt")
        last = {
            "net": self._net.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self._average.weights,
            "count": self._average.count,
            "epoch": self._epoch,
            "seconds": 60 * self._minutes,
            "random": torch.get_rng_state(),
        }
        # Whole or not at all: a run may be stopped at any time.
        unfinished = self._out / "last.unfinished"
        torch.save(last, unfinished)
        unfinished.rename(self._out / "last.pt")
