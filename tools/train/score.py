"""Frame accuracy during training: what a stream fed in 100 ms chunks would get, before the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from mascot_visemes.shapes import SHAPES
from tools.train.augment import features
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tools.train.corpus import Corpus, Utterance
    from tools.train.net import Net

CHUNK_FRAMES = 10
_BATCH = 24


@dataclass(frozen=True, slots=True)
class Held:
    """A held-out utterance: bands (frames, BANDS) and reference visemes (frames,)."""

    corpus: str
    bands: NDArray[np.float32]
    visemes: NDArray[np.int64]


def held_out(corpus: Corpus, most: int) -> list[Held]:
    """Features and reference of the dev split, `most` utterances of each corpus at most, longest first."""
    to_viseme = SHAPES["oculus"].matrix(corpus.language.labels).argmax(axis=1)
    result = []
    pools: dict[str, list[Utterance]] = {}
    for u in corpus.split("dev"):
        pools.setdefault(u.corpus, []).append(u)
    # Evenly from all of a corpus, which may stand speaker by speaker.
    chosen = (u for pool in pools.values() for u in pool[:: -(-len(pool) // most)])
    for u in chosen:
        audio = corpus.audio[u.sample : u.sample + u.samples].astype(np.float32) / np.float32(32768.0)
        bands = features(audio, RATE)
        count = len(bands) // 2 * 2
        visemes = to_viseme[corpus.reference[u.frame : u.frame + count]]
        result.append(Held(u.corpus, bands[:count], visemes))
    return sorted(result, key=lambda h: -len(h.bands))


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
def accuracy(
    net: Net, held: list[Held], labels: Sequence[str], chunk: int = CHUNK_FRAMES
) -> dict[str, float]:
    """Share of frames whose most likely Oculus viseme is the reference's, per corpus."""
    net.eval()
    matrix = torch.from_numpy(SHAPES["oculus"].matrix(labels))
    right: dict[str, int] = {}
    total: dict[str, int] = {}
    for start in range(0, len(held), _BATCH):
        group = held[start : start + _BATCH]
        bands = np.zeros((len(group), len(group[0].bands), group[0].bands.shape[1]), np.float32)
        for row, h in enumerate(group):
            bands[row, : len(h.bands)] = h.bands
        steps = torch.from_numpy(bands).reshape(len(group), -1, 2 * bands.shape[2])
        shown = net.decided(steps, chunk).softmax(-1) @ matrix
        for row, h in enumerate(group):
            guess = shown[row, : len(h.bands)].argmax(-1).numpy()
            right[h.corpus] = right.get(h.corpus, 0) + int((guess == h.visemes).sum())
            total[h.corpus] = total.get(h.corpus, 0) + len(h.visemes)
    return {name: right[name] / total[name] for name in sorted(total)}
