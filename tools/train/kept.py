"""Examples heard by Whisper's layers once, for epochs in which those are kept as they are.

Nine tenths of what a batch costs go into Whisper's layers. While they do not change, what they make of an example does
not either: so a set of examples is drawn and heard once, kept in a file, and gone through again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mascot_visemes.features import BANDS
from tools.train.batches import Batches
from tools.train.encoder import FRAMES, WIDTH, EncoderNet
from tools.train.loss import AHEAD

if TYPE_CHECKING:
    from pathlib import Path

    from tools.train.augment import Examples

_TOGETHER = 8  # examples heard at once


class Kept:
    """A set of examples in files, filled as far as it was got.

    Args:
        folder: Of the files; made if absent.
        examples: Where examples are drawn from.
        count: How many.
        steps: Length of each in steps.
        seed: Of the drawing.
    """

    def __init__(self, folder: Path, examples: Examples, count: int, steps: int, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._batches = Batches(examples, _TOGETHER, -(-count // _TOGETHER), (seed, 0x4EA2D))
        self._progress = folder / "filled"
        self._count = len(self._batches) * _TOGETHER
        shapes = {
            "heard": ("float16", (self._count, steps, WIDTH)),
            "around": ("float16", (self._count, steps, FRAMES * BANDS)),
            "rows": ("int32", (self._count, 2 * steps + AHEAD)),
        }
        self._arrays = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "r+")
            if (folder / f"{name}.npy").exists()
            else np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype=kind, shape=shape)
            for name, (kind, shape) in shapes.items()
        }

    @property
    def filled(self) -> int:
        """How many examples there are."""
        return int(self._progress.read_text()) if self._progress.exists() else 0

    @torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
    def fill(self, net: EncoderNet) -> bool:
        """Draw and hear a few more; return whether there were any left."""
        done = self.filled
        if done >= self._count:
            return False
        steps, rows = self._batches[done // _TOGETHER]
        net.eval()
        state = steps.new_zeros(len(steps), net.state_size).split(net.state_sizes, 1)
        heard, around, _ = net.lower(steps, state[:-1])
        for name, values in (("heard", heard), ("around", around), ("rows", rows)):
            self._arrays[name][done : done + _TOGETHER] = values.numpy()
        self._progress.write_text(str(done + _TOGETHER))
        return True

    def batch(self, rng: np.random.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Some examples of those there are: what `EncoderNet.upper` takes, and their rows."""
        chosen = np.sort(rng.choice(self.filled, size, replace=False))
        heard, around, rows = (
            torch.from_numpy(self._arrays[name][chosen]) for name in ("heard", "around", "rows")
        )
        return heard.float(), around.float(), rows.long()
