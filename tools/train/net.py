"""The network: a causal convolution and two GRU layers at 50 steps a second, read out by delayed heads.

A step takes two 10 ms frames. After step ``s`` the frames up to ``2 s + 1`` have been heard, and head ``j`` tells
the phoneme of frame ``2 s + 3 - j``: heads 0 and 1 the two frames not yet heard, head 2 the one just heard, heads 10
and 11 the two that have been followed by 90 and 80 ms. So one pass over the audio, with no look-ahead of its own,
answers for every frame with any context from none to full.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mascot_visemes.features import BANDS
from mascot_visemes.shapes import LABELS

HEADS = 12
PREDICTED = 2  # heads that tell frames not heard yet
FULL = 2  # heads that see the whole right context
_KERNEL = 3


class Net(nn.Module):  # type: ignore[misc, unused-ignore]
    """See the module.

    Args:
        hidden: Width of the convolution and the GRU layers.
        mean: Mean of each band, shape (BANDS,).
        std: Standard deviation of each band, shape (BANDS,).
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, hidden: int, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.hidden = hidden
        self.register_buffer("mean", mean.repeat(2))
        self.register_buffer("scale", 1.0 / std.repeat(2))
        self.conv = nn.Conv1d(2 * BANDS, hidden, _KERNEL)
        self.gru = nn.GRU(hidden, hidden, num_layers=2, batch_first=True, dropout=0.1)
        self.dropout = nn.Dropout(0.1)
        self.late = nn.Linear(hidden, FULL * len(LABELS))
        self.early = nn.Linear(hidden, (HEADS - FULL) * len(LABELS))

    @property
    def state_size(self) -> int:
        """Length of the state vector: the convolution's last steps, then each GRU layer's."""
        return (_KERNEL - 1) * 2 * BANDS + 2 * self.hidden

    def body(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Run over steps.

        Args:
            steps: Two frames of log-mel bands each, shape (batch, steps, 2 * BANDS).
            state: What an earlier call returned, or zeros, shape (batch, state_size).

        Returns:
            Hidden vectors, shape (batch, steps, hidden), and the state after them.
        """
        width = (_KERNEL - 1) * 2 * BANDS
        past, one, two = torch.split(state, [width, self.hidden, self.hidden], dim=1)
        x = (steps - self.mean) * self.scale
        x = torch.cat((past.reshape(-1, _KERNEL - 1, 2 * BANDS), x), dim=1)
        past = x[:, -(_KERNEL - 1) :].reshape(-1, width)
        x = torch.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        x, memory = self.gru(x, torch.stack((one, two)))
        return x, torch.cat((past, memory[0], memory[1]), dim=1)

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of all heads, shape (..., HEADS, labels)."""
        x = self.dropout(hidden)
        both = torch.cat((self.early(x), self.late(x)), dim=-1)
        return both.unflatten(-1, (HEADS, len(LABELS)))

    def forward(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the exported graph computes.

        Returns:
            Posteriors of the full-context heads at every step, shape (batch, steps, FULL, labels); of the other
            heads after the last step, shape (batch, HEADS - FULL, labels); the next state.
        """
        hidden, state = self.body(steps, state)
        late = self.late(hidden).unflatten(-1, (FULL, len(LABELS))).softmax(-1)
        early = self.early(hidden[:, -1]).unflatten(-1, (HEADS - FULL, len(LABELS))).softmax(-1)
        return late, early, state
