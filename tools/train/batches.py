"""Batches of training examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import Dataset

if TYPE_CHECKING:
    from tools.train.augment import Examples


class Batches(Dataset[tuple[torch.Tensor, torch.Tensor]]):  # type: ignore[misc, unused-ignore]  # no torch where types are checked
    """One epoch of batches, each drawn from its own seed so that workers and resuming change nothing.

    Args:
        examples: Where from.
        size: Examples a batch.
        count: Batches.
        seed: Of the epoch.
    """

    def __init__(self, examples: Examples, size: int, count: int, seed: tuple[int, int]) -> None:
        self._examples = examples
        self._size = size
        self._count = count
        self._seed = seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Bands of steps, shape (size, steps, 2 * BANDS), and frame numbers, shape (size, 2 * steps + ahead)."""
        if index >= self._count:
            raise IndexError(index)
        rng = np.random.default_rng((*self._seed, index))
        drawn = [self._examples.draw(rng) for _ in range(self._size)]
        bands = torch.from_numpy(np.stack([d[0] for d in drawn]))
        frames = torch.from_numpy(np.stack([d[1] for d in drawn]))
        return bands.reshape(self._size, -1, 2 * bands.shape[2]), frames
