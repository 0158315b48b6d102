"""Better labels for the training speech, by what the teacher hears in it.

Two things are made of the teacher's posteriors, each frame's share of both being half of what is learned:

- a realignment: the phones that the corpus has, in their order, each boundary at the place that the teacher finds
  likeliest within 40 ms of where it was. Bounding the moves keeps boundaries from drifting and vowels from
  shrinking, which free realignment is prone to.
- the posteriors themselves: they know of sounds said otherwise than the dictionary has them, and of the frames between
  two sounds that are neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tools.train.alignment import realigned
from tools.train.augment import features
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tools.train.corpus import Corpus, Utterance
    from tools.train.teacher import Teacher

_REACH = 4  # frames that a boundary may move
_PRIOR = 0.5  # power of the labels' frequency that the teacher's posteriors are divided by
_REALIGNED = 0.5  # share of the realignment in what is learned, the posteriors having the rest
_BATCH = 16
_REPORT_EVERY = 100


def certain(corpus: Corpus) -> torch.Tensor:
    """Distributions that are sure of the labels to learn, with a last row of silence, for `Loss`."""
    table = np.zeros((len(corpus.learn) + 1, len(corpus.language.labels)), np.uint8)
    table[np.arange(len(corpus.learn)), corpus.learn] = 255
    table[-1, corpus.language.index("SIL")] = 255
    return torch.from_numpy(table)


def relabel(teacher: Teacher, corpus: Corpus) -> torch.Tensor:
    """Distributions over labels for the training speech, for `Loss`; other frames stay certain."""
    table = certain(corpus)
    share = np.bincount(corpus.learn, minlength=len(corpus.language.labels)) + 1.0
    prior = (_PRIOR * np.log(share / share.sum())).astype(np.float32)
    pool = sorted(corpus.split("train"), key=lambda u: u.frames)
    moved = total = 0
    for start in range(0, len(pool), _BATCH):
        group = pool[start : start + _BATCH]
        for u, logp in zip(group, _listen(teacher, corpus, group), strict=True):
            old = corpus.learn[u.frame : u.frame + u.frames]
            new = realigned(old, logp - prior, _REACH)
            moved, total = moved + int((new != old).sum()), total + len(old)
            mixed = (1.0 - _REALIGNED) * np.exp(logp)
            mixed[np.arange(len(new)), new] += _REALIGNED
            table[u.frame : u.frame + u.frames] = torch.from_numpy(np.round(255 * mixed).astype(np.uint8))
        if start // _BATCH % _REPORT_EVERY == 0:
            print(f"  relabelled {start} of {len(pool)} utterances", flush=True)
    print(f"realignment changed {moved / total:.1%} of the frames", flush=True)
    return table


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
def _listen(teacher: Teacher, corpus: Corpus, group: list[Utterance]) -> list[NDArray[np.float32]]:
    """Log posteriors of utterances of about one length, each of shape (frames, labels)."""
    teacher.eval()
    heard = []
    for u in group:
        audio = corpus.audio[u.sample : u.sample + u.samples].astype(np.float32) / np.float32(32768.0)
        # The last frame may be begun only: silence ends it, and gives the network whole steps.
        padding = np.zeros((u.frames + 2) * RATE // 100 - len(audio), np.float32)
        heard.append(features(np.concatenate((audio, padding)), RATE))
    bands = np.zeros((len(group), -(-max(map(len, heard)) // 2) * 2, heard[0].shape[1]), np.float32)
    bands[:] = heard[0].min()
    for row, found in enumerate(heard):
        bands[row, : len(found)] = found
    logits = teacher(torch.from_numpy(bands).reshape(len(group), -1, 2 * bands.shape[2]))
    logp = logits.log_softmax(-1).numpy()
    return [row[: u.frames] for row, u in zip(logp, group, strict=True)]
