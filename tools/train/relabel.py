"""Better labels for the training speech, by what a teacher hears in it.

Half of what is learned in a frame is its label, half the teacher's posteriors: it hears sounds said otherwise than the
dictionary has them, and the frames between two sounds that are neither. A teacher is one that is trained for this alone
(`tools.train.teacher`), or a network that is larger than the one to be trained, which is distilled from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mascot_visemes.posteriors import PosteriorStream, listen
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mascot_visemes.network import Network
    from tools.train.corpus import Corpus, Utterance

SHARE = 0.5
"""Of the teacher's posteriors in what is learned; the label has the rest."""


def certain(corpus: Corpus) -> torch.Tensor:
    """Distributions that are sure of the labels to learn, with a last row of silence, for `Loss`."""
    table = np.zeros((len(corpus.learn) + 1, len(corpus.language.labels)), np.uint8)
    table[np.arange(len(corpus.learn)), corpus.learn] = 255
    table[-1, corpus.language.index("SIL")] = 255
    return torch.from_numpy(table)


def heard_by(
    network: Network, corpus: Corpus, utterances: Sequence[Utterance]
) -> Iterator[tuple[Utterance, NDArray[np.float32]]]:
    """Utterances with the posteriors of a network, whose labels must be among those of the corpus."""
    columns = [corpus.language.labels.index(label) for label in network.labels]
    for u in utterances:
        audio = corpus.audio[u.sample : u.sample + u.samples].astype(np.float32)[None] / np.float32(32768.0)
        heard = listen([([PosteriorStream(network, RATE)], audio)], edge=True)[0].posteriors[0]
        posteriors = np.zeros((u.frames, len(corpus.language.labels)), np.float32)
        count = min(u.frames, len(heard))
        posteriors[:count, columns] = heard[:count]
        posteriors[count:, corpus.language.index("SIL")] = 1.0
        yield u, posteriors


def distilled(
    network: Network, corpus: Corpus, kept: Path
) -> Iterator[tuple[Utterance, NDArray[np.float32]]]:
    """All training utterances with the posteriors of a network that hears each of them whole.

    A network with full right context is heard once: its posteriors are kept in `kept`, a file for each corpus, in half
    precision, so that a run that was stopped, or has more corpora than before, listens to what is new alone.

    Args:
        network: The teacher, whose labels must be among those of the corpus.
        corpus: The speech, without what was done to it for training.
        kept: Folder of the files; made if absent.
    """
    kept.mkdir(parents=True, exist_ok=True)
    pool = corpus.split("train")
    for name in sorted({u.corpus for u in pool}):
        path, utterances = kept / f"{name}.npy", [u for u in pool if u.corpus == name]
        ends = np.cumsum([u.frames for u in utterances])
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            shape = (int(ends[-1]), len(corpus.language.labels))
            rows = np.lib.format.open_memmap(unfinished, "w+", dtype=np.float16, shape=shape)
            for end, (u, posteriors) in zip(ends, heard_by(network, corpus, utterances), strict=True):
                rows[end - u.frames : end] = posteriors
            rows.flush()
            unfinished.rename(path)
            print(f"the teacher has heard {name}: {ends[-1] / 360_000:.2f} h", flush=True)
        rows = np.load(path, mmap_mode="r")
        if len(rows) != ends[-1]:
            raise SystemExit(f"{path}: not of the speech given; delete it")
        for end, u in zip(ends, utterances, strict=True):
            yield u, rows[end - u.frames : end].astype(np.float32)


def relabel(
    corpus: Corpus, told: Iterable[tuple[Utterance, NDArray[np.float32]]], share: float = SHARE
) -> torch.Tensor:
    """Distributions over labels for the training speech, for `Loss`; frames that are not told of stay certain.

    Args:
        corpus: The speech.
        told: Utterances with a teacher's posteriors, shape (frames, labels).
        share: Of the posteriors in what is learned.
    """
    table = certain(corpus)
    agreed = total = 0
    for u, posteriors in told:
        label = corpus.learn[u.frame : u.frame + u.frames].astype(np.int64)
        agreed, total = agreed + int((posteriors.argmax(1) == label).sum()), total + u.frames
        mixed = share * posteriors
        mixed[np.arange(u.frames), label] += 1.0 - share
        table[u.frame : u.frame + u.frames] = torch.from_numpy((255 * mixed).round().astype(np.uint8))
    print(f"the teacher agrees with the labels in {agreed / total:.1%} of the frames", flush=True)
    return table
