"""Improve the labels of the training speech with the posteriors of a teacher.

In a frame, target = 0.5 · label + 0.5 · teacher posteriors. The teacher recognises sounds that are pronounced
differently from the dictionary, and frames between two sounds. It is either trained for this only
(`tools.train.teacher`), or a larger network, from which the new one is distilled.
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
    """Yield all training utterances with the posteriors of a network that processes each of them as a whole.

    The network runs once over each corpus. Its posteriors are kept in `kept`, one file per corpus, in half precision.
    So a run that was stopped, or that has more corpora than before, processes the new corpora only.

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
