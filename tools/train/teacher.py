"""The teacher: a network that hears whole utterances, both ways in time, and is never shipped.

It is trained on the labels of the corpora and then tells, frame by frame, what it hears in the training speech. See
`relabel`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mascot_visemes.features import BANDS

_KERNEL = 5
_WIDTH = 192


class Teacher(nn.Module):  # type: ignore[misc, unused-ignore]
    """Convolution and two bidirectional LSTM layers over steps of two frames.

    Args:
        labels: How many phonemes it tells apart.
        mean: Mean of each band, shape (BANDS,).
        std: Standard deviation of each band, shape (BANDS,).
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, labels: int, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.repeat(2))
        self.register_buffer("scale", 1.0 / std.repeat(2))
        self.front = nn.Conv1d(2 * BANDS, _WIDTH, _KERNEL, padding=_KERNEL // 2)
        self.lstm = nn.LSTM(_WIDTH, _WIDTH, num_layers=2, batch_first=True, dropout=0.25, bidirectional=True)
        self.dropout = nn.Dropout(0.25)
        self.out = nn.Linear(2 * _WIDTH, 2 * labels)

    def forward(self, steps: Tensor) -> Tensor:
        """Logits of every frame, shape (batch, 2 * steps, labels), of steps (batch, steps, 2 * BANDS)."""
        x = ((steps - self.mean) * self.scale).transpose(1, 2)
        x = torch.relu(self.front(x)).transpose(1, 2)
        x, _ = self.lstm(x)
        return self.out(self.dropout(x)).reshape(len(steps), 2 * steps.shape[1], -1)

    def read(self, steps: Tensor, phase: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002 - it reads every step
        """What training judges: logits, shape (batch, frames, 1, labels), and their frames, shape (frames, 1)."""
        logits = self(steps)
        return logits[:, :, None], torch.arange(logits.shape[1])[:, None]

    def decided(self, steps: Tensor, chunk: int) -> Tensor:  # noqa: ARG002 - it has no chunks
        """Logits of every frame, as `forward`."""
        logits: Tensor = self(steps)
        return logits
