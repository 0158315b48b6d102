"""Train the teacher, which predicts the phones of whole utterances. It is not shipped.

Its inputs are the output of Whisper's encoder and the bands that the network uses, which give more accurate times. The
teacher is cross-fitted: two are trained, each on half of the utterances, and each labels the half that it was not
trained on. So neither has seen the labels that it corrects.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from mascot_visemes.features import BANDS, LOG_FLOOR
from mascot_visemes.shapes import SHAPES
from tools.train import whisper
from tools.train.augment import features
from tools.train.corpus import RATE, language_of
from tools.train.encoder import HALF
from tools.train.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.train.corpus import Corpus, Utterance

    Heard = dict[tuple[str, str], NDArray[np.float16]]

_WIDTH = 192
_KERNEL = 5
_DILATIONS = (1, 2, 1)
_DROPOUT = 0.3
_HALVES = 2
_OTHERS = 4  # times that speech of a language other than English, of which there is little, comes in a pass
_PEAK = 2e-3  # largest learning rate
_WARM_UP = 100  # steps of the optimiser
_FRAMES = 6000  # of a batch, at most
_CENTRE, _SPREAD = -12.0, 4.0  # of the bands, about
_REPORT_EVERY = 200  # batches


class Teacher(nn.Module):  # type: ignore[misc, unused-ignore]  # no torch where types are checked
    """Convolutions over steps of 20 ms, each seeing half a second.

    Args:
        labels: The number of phoneme labels.
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.whisper = nn.Linear(whisper.WIDTH, _WIDTH)
        self.bands = nn.Conv1d(2 * BANDS, _WIDTH, _KERNEL, padding=_KERNEL // 2)
        self.blocks = nn.ModuleList(
            nn.Conv1d(_WIDTH, _WIDTH, _KERNEL, padding=_KERNEL // 2 * d, dilation=d) for d in _DILATIONS
        )
        self.norms = nn.ModuleList(nn.LayerNorm(_WIDTH) for _ in range(len(_DILATIONS) + 1))
        self.dropout = nn.Dropout(_DROPOUT)
        self.out = nn.Linear(_WIDTH, 2 * labels)

    def forward(self, heard: Tensor, bands: Tensor) -> Tensor:
        """Logits of every frame, shape (batch, 2 * steps, labels).

        Args:
            heard: By Whisper's encoder, shape (batch, steps, whisper.WIDTH).
            bands: Log-mel bands, shape (batch, steps, 2 * BANDS).
        """
        first, *norms = self.norms
        x = self.bands(((bands - _CENTRE) / _SPREAD).transpose(1, 2)).transpose(1, 2)
        x = self.dropout(torch.relu(first(x + self.whisper(heard))))
        for block, norm in zip(self.blocks, norms, strict=True):
            x = x + self.dropout(torch.relu(norm(block(x.transpose(1, 2)).transpose(1, 2))))
        return self.out(x).reshape(len(x), 2 * x.shape[1], -1)


class Lesson:
    """Utterances as the teachers hear them.

    Args:
        corpus: The speech.
        heard: What Whisper's encoder makes of it, as from `whisper.listen`.
    """

    def __init__(self, corpus: Corpus, heard: Heard) -> None:
        self.corpus = corpus
        self._heard = heard

    def batch(self, group: Sequence[Utterance]) -> tuple[Tensor, Tensor]:
        """What a `Teacher` takes of a few utterances."""
        longest = max(map(whisper.steps, group))
        heard = np.zeros((len(group), longest, whisper.WIDTH), np.float32)
        bands = np.full((len(group), 2 * longest, BANDS), LOG_FLOOR, np.float32)
        for row, u in enumerate(group):
            audio = self.corpus.audio[u.sample : u.sample + u.samples].astype(np.float32)
            found = features(audio / np.float32(32768.0), RATE)
            bands[row, : len(found)] = found
            heard[row, : whisper.steps(u)] = self._heard[u.corpus, u.audio]
        return torch.from_numpy(heard), torch.from_numpy(bands).reshape(len(group), longest, 2 * BANDS)

    def rows(self, group: Sequence[Utterance]) -> Tensor:
        """Frame of the corpus for each frame of a batch, that of silence beyond an utterance's end."""
        rows = np.full((len(group), 2 * max(map(whisper.steps, group))), len(self.corpus.learn))
        for row, u in enumerate(group):
            rows[row, : u.frames] = np.arange(u.frame, u.frame + u.frames)
        return torch.from_numpy(rows)


def _batches(utterances: Sequence[Utterance], rng: np.random.Generator) -> list[list[Utterance]]:
    """All utterances in batches of about one length, in any order."""
    batches: list[list[Utterance]] = []
    longest = math.inf
    for u in sorted(utterances, key=lambda u: u.frames * rng.uniform(1.0, 1.1)):
        longest = max(longest, u.frames)
        if not batches or longest * (len(batches[-1]) + 1) > _FRAMES:
            batches.append([])
            longest = u.frames
        batches[-1].append(u)
    rng.shuffle(batches)
    return batches


def _half(u: Utterance) -> int:
    return zlib.crc32(u.audio.encode()) % _HALVES


def _train(lesson: Lesson, half: int, wanted: Tensor, epochs: float, seed: int) -> Teacher:
    """A teacher of the training utterances of one half."""
    torch.manual_seed(seed)
    rng, corpus = np.random.default_rng((seed, half)), lesson.corpus
    pool = [
        u
        for u in corpus.split("train")
        if _half(u) == half
        for _ in range(1 if language_of(u.corpus) == "en" else _OTHERS)
    ]
    teacher = Teacher(len(corpus.language.labels))
    loss_of = Loss(wanted, corpus.language.labels)
    optimiser = torch.optim.AdamW(teacher.parameters(), lr=_PEAK, weight_decay=0.02)
    total = round(epochs * len(_batches(pool, rng)))
    losses: list[float] = []
    for group in _endless(pool, rng):
        done = len(losses)
        for parameters in optimiser.param_groups:
            fall = 0.5 * (1.0 + math.cos(math.pi * done / total))
            parameters["lr"] = _PEAK * min(1.0, (done + 1) / _WARM_UP) * max(fall, 0.01)
        with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
            logits = teacher(*lesson.batch(group)).float()
        frames = torch.arange(logits.shape[1])[:, None]
        loss = loss_of(logits[:, :, None], frames, lesson.rows(group))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % _REPORT_EVERY == 0:
            print(
                f"  teacher {half} batch {len(losses)} of {total} loss {np.mean(losses[-_REPORT_EVERY:]):.3f}",
                flush=True,
            )
        if len(losses) >= total:
            break
    return teacher


def _endless(pool: Sequence[Utterance], rng: np.random.Generator) -> Iterator[list[Utterance]]:
    while True:
        yield from _batches(pool, rng)


def told(
    lesson: Lesson, kept: Path, wanted: Tensor, epochs: float, seed: int
) -> Iterator[tuple[Utterance, NDArray[np.float32]]]:
    """Each training utterance with the posteriors, shape (frames, labels), of the teacher that has not learnt from it.

    Args:
        lesson: The speech.
        kept: Folder of the teachers; those that are there are not trained again.
        wanted: What the teachers learn, as `Loss` takes it.
        epochs: Passes over their half.
        seed: Of everything random.
    """
    kept.mkdir(parents=True, exist_ok=True)
    corpus, teachers = lesson.corpus, []
    for half in range(_HALVES):
        file = kept / f"{half}.pt"
        if not file.exists():
            torch.save(_train(lesson, half, wanted, epochs, seed).state_dict(), file)
        teacher = Teacher(len(corpus.language.labels))
        teacher.load_state_dict(torch.load(file))
        teachers.append(teacher.eval().requires_grad_(requires_grad=False))
        print(f"teacher {half}: dev frame accuracy {_right(teacher, lesson)}", flush=True)
    for half in range(_HALVES):
        pool = [u for u in corpus.split("train") if _half(u) == half]
        for group, posteriors in _tell(teachers[1 - half], lesson, pool):
            for u, its in zip(group, posteriors, strict=True):
                yield u, its[: u.frames]


def _tell(
    teacher: Teacher, lesson: Lesson, pool: Sequence[Utterance]
) -> Iterator[tuple[list[Utterance], NDArray[np.float32]]]:
    for group in _batches(pool, np.random.default_rng(0)):
        yield group, teacher(*lesson.batch(group)).softmax(-1).numpy()


def _right(teacher: Teacher, lesson: Lesson) -> dict[str, float]:
    """Share of the frames of the dev split whose likeliest Oculus viseme is the reference's, per corpus."""
    corpus = lesson.corpus
    matrix = SHAPES["oculus"].matrix(corpus.language.labels)
    owner = matrix.argmax(axis=1)
    counts: dict[str, list[int]] = {}
    for group, posteriors in _tell(teacher, lesson, corpus.split("dev")):
        for u, its in zip(group, posteriors, strict=True):
            guess = (its[: u.frames] @ matrix).argmax(axis=1)
            right = guess == owner[corpus.reference[u.frame : u.frame + u.frames]]
            count = counts.setdefault(u.corpus, [0, 0])
            count[0] += int(right.sum())
            count[1] += len(right)
    return {name: round(right / frames, 4) for name, (right, frames) in sorted(counts.items())}
