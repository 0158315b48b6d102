"""Better labels for the training speech, by what networks trained on it hear in it.

Half of what is learned in a frame is its label, half the mean of the posteriors of a teacher and of the first network:
they know of sounds said otherwise than the dictionary has them, and of the frames between two sounds that are neither.
Together they are right more often than either, as they err in different ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tools.train.augment import features
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.train.corpus import Corpus, Utterance
    from tools.train.net import Net
    from tools.train.teacher import Teacher

_LABEL = 0.5  # share of the label in what is learned, the posteriors having the rest
_BATCH = 16
_REPORT_EVERY = 100  # batches
_AHEAD = 10  # frames of silence at the end, so that the last frame has its context too


def certain(corpus: Corpus) -> torch.Tensor:
    """Distributions that are sure of the labels to learn, with a last row of silence, for `Loss`."""
    table = np.zeros((len(corpus.learn) + 1, len(corpus.language.labels)), np.uint8)
    table[np.arange(len(corpus.learn)), corpus.learn] = 255
    table[-1, corpus.language.index("SIL")] = 255
    return torch.from_numpy(table)


def relabel(networks: Sequence[Net | Teacher], corpus: Corpus) -> torch.Tensor:
    """Distributions over labels for the training speech, for `Loss`; other frames stay certain."""
    table = certain(corpus)
    pool = sorted(corpus.split("train"), key=lambda u: u.frames)
    agreed = total = 0
    for start in range(0, len(pool), _BATCH):
        group = pool[start : start + _BATCH]
        heard = _listen(networks, corpus, group)
        for u, posteriors in zip(group, heard, strict=True):
            mixed = (1.0 - _LABEL) * posteriors[: u.frames]
            label = torch.from_numpy(corpus.learn[u.frame : u.frame + u.frames].astype(np.int64))
            agreed, total = agreed + int((mixed.argmax(1) == label).sum()), total + u.frames
            mixed[torch.arange(u.frames), label] += _LABEL
            table[u.frame : u.frame + u.frames] = (255 * mixed).round().to(torch.uint8)
        if start // _BATCH % _REPORT_EVERY == 0:
            print(f"  relabelled {start} of {len(pool)} utterances", flush=True)
    print(f"the networks agree with the labels in {agreed / total:.1%} of the frames", flush=True)
    return table


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
def _listen(networks: Sequence[Net | Teacher], corpus: Corpus, group: list[Utterance]) -> torch.Tensor:
    """Mean posteriors of utterances of about one length, shape (utterances, frames, labels)."""
    heard = []
    for u in group:
        audio = corpus.audio[u.sample : u.sample + u.samples].astype(np.float32) / np.float32(32768.0)
        padding = np.zeros((u.frames + _AHEAD) * RATE // 100 - len(audio), np.float32)
        heard.append(features(np.concatenate((audio, padding)), RATE))
    frames = -(-max(map(len, heard)) // 2) * 2
    bands = np.full((len(group), frames, heard[0].shape[1]), heard[0].min(), np.float32)
    for row, found in enumerate(heard):
        bands[row, : len(found)] = found
    steps = torch.from_numpy(bands).reshape(len(group), -1, 2 * bands.shape[2])
    each = [network.eval().decided(steps, frames).softmax(-1) for network in networks]
    return torch.stack(each).mean(0)
