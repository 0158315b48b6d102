"""What the network is trained to minimise."""

from __future__ import annotations

import torch
from torch.nn.functional import nll_loss

from mascot_visemes.shapes import LABELS, SHAPES
from tools.train.net import HEADS, PREDICTED

AHEAD = 2  # frames beyond the last step that heads 0 and 1 are asked for

_IGNORED = -100
_PREDICTED_WEIGHTS = (0.15, 0.35)  # of heads 0 and 1; the others weigh 1
_SMOOTHING = 0.02


def targets(labels: torch.Tensor, steps: int) -> torch.Tensor:
    """Label each head is to give at each step, shape (batch, steps, HEADS); ignored before the first frame."""
    frame = 2 * torch.arange(steps)[:, None] + 3 - torch.arange(HEADS)
    chosen = labels.long()[:, frame.clamp(min=0)]
    return chosen.masked_fill(frame < 0, _IGNORED)


class Loss:
    """Cross entropy over phonemes and over Oculus visemes, half each; predictive heads count less.

    Visemes are what is shown and scored; phonemes are what every viseme set is summed from.
    """

    def __init__(self) -> None:
        self._visemes = torch.from_numpy(SHAPES["oculus"].matrix(LABELS))
        self._owner = torch.cat((self._visemes.argmax(1), torch.tensor([_IGNORED])))
        weight = torch.ones(HEADS)
        weight[:PREDICTED] = torch.tensor(_PREDICTED_WEIGHTS)
        self._weight = weight / weight.sum()

    def __call__(self, logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Loss of logits (batch, steps, HEADS, labels) against labels (batch, steps, HEADS)."""
        wanted = wanted.reshape(-1)
        logp = logits.reshape(len(wanted), -1).log_softmax(-1)
        seen = wanted >= 0
        phones = nll_loss(logp, wanted, ignore_index=_IGNORED, reduction="none")
        shown = (logp.exp() @ self._visemes).clamp(min=1e-6).log()
        owners = self._owner[wanted.masked_fill(~seen, len(LABELS))]
        visemes = nll_loss(shown, owners, ignore_index=_IGNORED, reduction="none")
        # Smoothing keeps posteriors of wrong labels finite: alignments are a frame or two off in places.
        smooth = -logp.mean(1) * seen
        each = (0.5 * phones + 0.5 * visemes + _SMOOTHING * smooth).reshape(-1, HEADS)
        return (each.mean(0) * self._weight).sum()
