"""Better labels for the training speech, by what the teacher hears in it.

Half of what is learned in a frame is its label, half the teacher's posteriors: it hears sounds said otherwise than the
dictionary has them, and the frames between two sounds that are neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mascot_visemes.posteriors import PosteriorStream, listen
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import Network
    from tools.train.corpus import Corpus, Utterance

_LABEL = 0.5  # share of the label in what is learned, the posteriors having the rest


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


def relabel(corpus: Corpus, told: Iterable[tuple[Utterance, NDArray[np.float32]]]) -> torch.Tensor:
    """Distributions over labels for the training speech, for `Loss`; frames that are not told of stay certain.

    Args:
        corpus: The speech.
        told: Utterances with a teacher's posteriors, shape (frames, labels).
    """
    table = certain(corpus)
    agreed = total = 0
    for u, posteriors in told:
        label = corpus.learn[u.frame : u.frame + u.frames].astype(np.int64)
        agreed, total = agreed + int((posteriors.argmax(1) == label).sum()), total + u.frames
        mixed = (1.0 - _LABEL) * posteriors
        mixed[np.arange(u.frames), label] += _LABEL
        table[u.frame : u.frame + u.frames] = torch.from_numpy((255 * mixed).round().astype(np.uint8))
    print(f"the teacher agrees with the labels in {agreed / total:.1%} of the frames", flush=True)
    return table
