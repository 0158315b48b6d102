"""What the networks are trained to minimise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mascot_visemes.shapes import SHAPES
from tools.train.net import HEADS, PREDICTED

if TYPE_CHECKING:
    from collections.abc import Sequence

AHEAD = 2  # frames beyond the last step that heads 0 and 1 are asked for

_PREDICTED_WEIGHTS = (0.15, 0.35)  # of heads 0 and 1; the others weigh 1
_SMOOTHING = 0.02


class Loss:
    """Cross entropy over phonemes and over Oculus visemes, half each; predictive heads count less.

    Visemes are what is shown and scored; phonemes are what every viseme set is summed from.

    Args:
        wanted: Distribution over labels to learn, a row for each frame of the corpora and a last one for digital
            silence, shape (frames + 1, labels), uint8: 255 is certainty.
        labels: The labels.
    """

    def __init__(self, wanted: torch.Tensor, labels: Sequence[str]) -> None:
        self._wanted = wanted
        self._visemes = torch.from_numpy(SHAPES["oculus"].matrix(labels))

    def __call__(self, logits: torch.Tensor, frames: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Loss of a batch.

        Args:
            logits: Shape (batch, read, heads, labels).
            frames: Frame of the example that each tells, shape (read, heads); those before the first count nothing.
            rows: Row of `wanted` for each frame of the examples, shape (batch, frames).
        """
        weight = torch.ones(frames.shape[1])
        if len(weight) == HEADS:
            weight[:PREDICTED] = torch.tensor(_PREDICTED_WEIGHTS)
        weight = weight * (frames >= 0)
        wanted = self._wanted[rows][:, frames.clamp(min=0)].float()
        # Smoothing keeps posteriors of wrong labels finite: alignments are a frame or two off in places.
        wanted = (1 - _SMOOTHING) * wanted / wanted.sum(-1, keepdim=True) + _SMOOTHING / wanted.shape[-1]
        logp = logits.log_softmax(-1)
        shown = (logp.exp() @ self._visemes).clamp(min=1e-6).log()
        each = (wanted * logp).sum(-1) + ((wanted @ self._visemes) * shown).sum(-1)
        return -0.5 * (each.mean(0) * weight).sum() / weight.sum()
