"""The small network: a causal convolution and two GRU layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mascot_visemes.features import BANDS
from tools.train.net import DROPOUT, Net

KERNEL = 3  # steps that the convolution sees


class GruNet(Net):
    """See the module.

    Args:
        hidden: Width of the convolution and the GRU layers.
        labels: The number of phoneme labels.
        mean: Mean of each band, shape (BANDS,).
        std: Standard deviation of each band, shape (BANDS,).
        dropout: Share of the hidden units that are left out in training, before each layer but the first.
    """

    def __init__(self, hidden: int, labels: int, mean: Tensor, std: Tensor, dropout: float = DROPOUT) -> None:
        super().__init__(hidden, labels, mean, std, dropout)
        self.front = nn.Linear(KERNEL * 2 * BANDS, hidden)
        self.gru = nn.GRU(hidden, hidden, num_layers=2, batch_first=True, dropout=dropout)

    @property
    def architecture(self) -> dict[str, str]:
        """See `Net.architecture`."""
        return {"convolution": f"{KERNEL} steps to {self.hidden}", "gru": f"2 layers of {self.hidden}"}

    @property
    def state_size(self) -> int:
        """Length of the state vector: the convolution's last steps, then each GRU layer's."""
        return (KERNEL - 1) * 2 * BANDS + 2 * self.hidden

    def body(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `Net.body`."""
        width = (KERNEL - 1) * 2 * BANDS
        past, *memory = torch.split(state, [width, self.hidden, self.hidden], dim=1)
        x = (steps - self.mean) * self.scale
        x = torch.cat((past.reshape(-1, KERNEL - 1, 2 * BANDS), x), dim=1)
        past = x[:, -(KERNEL - 1) :].reshape(-1, width)
        # The convolution as one matrix product over each step beside the two before it.
        x = torch.cat((x[:, :-2], x[:, 1:-1], x[:, 2:]), dim=2)
        x, after = self.gru(torch.relu(self.front(x)), torch.stack(memory))
        return x, torch.cat((past, after[0], after[1]), dim=1)
