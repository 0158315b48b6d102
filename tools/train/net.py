"""What the networks have in common: a causal body at 50 steps a second, read out by delayed heads.

A step takes two 10 ms frames. After step ``s`` the frames up to ``2 s + 1`` have been heard, and head ``j`` tells
the phoneme of frame ``2 s + 3 - j``: heads 0 and 1 the two frames not yet heard, head 2 the one just heard, heads 10
and 11 the two that have been followed by 90 and 80 ms. So one pass over the audio, with no look-ahead of its own,
answers for every frame with any context from none to full.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

HEADS = 12
PREDICTED = 2  # heads that tell frames not heard yet
FULL = 2  # heads that see the whole right context
DROPOUT = 0.05
_READ_EVERY = 3  # steps: in training only some steps are read out, as neighbours teach nearly the same


class Net(nn.Module, ABC):  # type: ignore[misc, unused-ignore]  # no torch where types are checked
    """See the module.

    Args:
        hidden: Width of what the body puts out.
        labels: The number of phoneme labels.
        mean: Mean of each band, shape (BANDS,).
        std: Standard deviation of each band, shape (BANDS,).
        dropout: Share of the hidden units that are left out in training.
    """

    licence = "Apache-2.0"
    """Of a network of this kind, as SPDX writes it."""

    mean: Tensor
    scale: Tensor

    def __init__(self, hidden: int, labels: int, mean: Tensor, std: Tensor, dropout: float) -> None:
        super().__init__()
        self.hidden = hidden
        self.labels = labels
        self.register_buffer("mean", mean.repeat(2))
        self.register_buffer("scale", 1.0 / std.repeat(2))
        self.dropout = nn.Dropout(dropout)
        self.late = nn.Linear(hidden, FULL * labels)
        self.early = nn.Linear(hidden, (HEADS - FULL) * labels)

    @property
    @abstractmethod
    def architecture(self) -> dict[str, str]:
        """What the body is made of, for the card: name to what it is."""

    @property
    @abstractmethod
    def state_size(self) -> int:
        """Length of the state vector."""

    @abstractmethod
    def body(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Run over steps.

        Args:
            steps: Two frames of log-mel bands each, shape (batch, steps, 2 * BANDS).
            state: What an earlier call returned, or zeros, shape (batch, state_size).

        Returns:
            Hidden vectors, shape (batch, steps, hidden), and the state after them.
        """

    def groups(self) -> list[dict[str, Any]]:
        """Parameters for the optimiser, each group with its ``share`` of the learning rate."""
        return [{"params": list(self.parameters()), "share": 1.0}]

    def _fresh(self, steps: Tensor) -> Tensor:
        """Hidden vectors of whole recordings."""
        hidden, _ = self.body(steps, steps.new_zeros(len(steps), self.state_size))
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of all heads, shape (..., HEADS, labels)."""
        x = self.dropout(hidden)
        both = torch.cat((self.early(x), self.late(x)), dim=-1)
        return both.unflatten(-1, (HEADS, self.labels))

    def read(self, steps: Tensor, phase: int) -> tuple[Tensor, Tensor]:
        """What training judges.

        Args:
            steps: Shape (batch, steps, 2 * BANDS).
            phase: Any number; which steps are read out.

        Returns:
            Logits, shape (batch, read, HEADS, labels), and the frame that each tells, shape (read, HEADS).
        """
        return self.read_out(self._fresh(steps), phase)

    def read_out(self, hidden: Tensor, phase: int) -> tuple[Tensor, Tensor]:
        """The same, given the hidden vectors of all steps."""
        at = torch.arange(phase % _READ_EVERY, hidden.shape[1], _READ_EVERY)
        return self.logits(hidden[:, at]), 2 * at[:, None] + 3 - torch.arange(HEADS)

    def decided(self, steps: Tensor, chunk: int) -> Tensor:
        """Logits of every frame, decided as in a stream that brings `chunk` frames a call.

        Args:
            steps: Shape (batch, steps, 2 * BANDS).
            chunk: Frames a call.

        Returns:
            Shape (batch, 2 * steps, labels).
        """
        hidden = self._fresh(steps)
        frames = 2 * steps.shape[1]
        frame = np.arange(frames)
        heard = np.minimum((frame // chunk + 1) * chunk, frames) // 2 * 2
        # The full-context heads answer as soon as they can; only what is left at a chunk's edge is asked earlier.
        step = np.minimum(heard // 2 - 1, (frame + 8) // 2)
        return self.logits(hidden)[:, step, 2 * step + 3 - frame]

    def forward(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What the exported graph computes.

        Returns:
            Posteriors, shape (batch, 2 * steps + HEADS - FULL, labels), and the next state. Frame by frame those of the
            full-context heads at every step, then those of the other heads after the last step.
        """
        hidden, state = self.body(steps, state)
        late = self.late(hidden).unflatten(-1, (FULL, self.labels)).flip(2).flatten(1, 2)
        early = self.early(hidden[:, -1]).unflatten(-1, (HEADS - FULL, self.labels)).flip(1)
        return torch.cat((late, early), dim=1).softmax(-1), state
