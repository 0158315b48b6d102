"""The large network: the first layers of Whisper's encoder made causal, then a GRU layer.

Convolutions take two frames a step, like Whisper's; attention reaches half a second back and knows how far by a
learned number for each distance, so a stream has no beginning to count from and no end. `tools.train.begin` gives it
Whisper's weights to start from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mascot_visemes.features import BANDS
from tools.train.net import DROPOUT, Net

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 512  # of Whisper base
ATTENTION_HEADS = 8
REACH = 25  # steps back that attention sees, beside the present one
FRAMES_BACK = 3  # frames before a step's two that the convolutions see
FRAMES = FRAMES_BACK + 2
KERNEL = 3  # of either convolution
_NEVER = -1e9
HALF: bool = torch.cpu.get_capabilities().get("avx512_bf16", False)
"""Whether products are in 16 bits in training: half the time where the processor has them, and elsewhere no faster."""

_LEARNT = 0.12  # share of the learning rate for what Whisper has learnt already


def _heads(x: Tensor) -> Tensor:
    """From (batch, steps, WIDTH) to (batch, ATTENTION_HEADS, steps, width of a head)."""
    return x.unflatten(2, (ATTENTION_HEADS, -1)).transpose(1, 2)


class Layer(nn.Module):  # type: ignore[misc, unused-ignore]  # no torch where types are checked
    """A transformer's layer: attention to the steps just heard, then two products.

    Args:
        inner: Width between the two products.
    """

    def __init__(self, inner: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention_in = nn.Linear(WIDTH, 3 * WIDTH)
        self.attention_out = nn.Linear(WIDTH, WIDTH)
        self.distance = nn.Parameter(torch.zeros(ATTENTION_HEADS, REACH + 1))
        self.norm = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, inner)
        self.down = nn.Linear(inner, WIDTH)

    def forward(self, x: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Run over steps.

        Args:
            x: Shape (batch, steps, WIDTH).
            heard: Keys and values of the `REACH` steps before, shape (batch, REACH, 2 * WIDTH).

        Returns:
            What comes out, of the shape of `x`, and keys and values of the last `REACH` steps.
        """
        steps = x.shape[1]
        query, new = self.attention_in(self.attention_norm(x)).split((WIDTH, 2 * WIDTH), 2)
        heard = torch.cat((heard, new), 1)
        # A block of REACH queries sees two of keys, so what attention costs grows with the steps, not their square.
        spare = -steps % REACH
        query = _heads(functional.pad(query, (0, 0, 0, spare))).unflatten(2, (-1, REACH))
        key, value = (
            _heads(functional.pad(part, (0, 0, 0, spare))).unfold(2, 2 * REACH, REACH)
            for part in heard.split(WIDTH, 2)
        )
        distance = torch.arange(REACH)[:, None] + REACH - torch.arange(2 * REACH)
        near = (distance >= 0) & (distance <= REACH)
        bias = self.distance[:, distance.clamp(0, REACH)].masked_fill(~near, _NEVER)
        scores = query @ key * (WIDTH // ATTENTION_HEADS) ** -0.5 + bias[:, None]
        seen = scores.softmax(-1) @ value.transpose(3, 4)
        seen = seen.flatten(2, 3)[:, :, :steps]
        x = x + self.attention_out(seen.transpose(1, 2).flatten(2))
        return x + self.down(functional.gelu(self.up(self.norm(x)))), heard[:, -REACH:]


class EncoderNet(Net):
    """See the module.

    Args:
        hidden: Width of the GRU layer.
        labels: The number of phoneme labels.
        mean: Mean of each band, shape (BANDS,).
        std: Standard deviation of each band, shape (BANDS,).
        dropout: Share of the hidden units that are left out in training, before the GRU layer and after.
        layers: How many of Whisper's layers.
        inner: Width inside each, Whisper's 2048 at most.
    """

    licence = "Apache-2.0 AND MIT"  # Whisper's weights are under the MIT licence

    def __init__(
        self,
        hidden: int,
        labels: int,
        mean: Tensor,
        std: Tensor,
        dropout: float = DROPOUT,
        *,
        layers: int,
        inner: int,
    ) -> None:
        super().__init__(hidden, labels, mean, std, dropout)
        self.frames = nn.Conv1d(BANDS, WIDTH, KERNEL)
        self.steps = nn.Conv1d(WIDTH, WIDTH, KERNEL, stride=2)
        # Whisper adds a vector for each position; here all positions are alike.
        self.position = nn.Parameter(torch.zeros(WIDTH))
        self.layers = nn.ModuleList(Layer(inner) for _ in range(layers))
        self.norm = nn.LayerNorm(WIDTH)
        self.encoded = nn.Linear(WIDTH, hidden)
        # The bands in addition to the encoder make the predicted times more accurate.
        self.bands = nn.Linear(FRAMES * BANDS, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    @property
    def architecture(self) -> dict[str, str]:
        """See `Net.architecture`."""
        inner = self.layers[0].up.out_features
        return {
            "convolutions": f"2, over {FRAMES} frames, to {WIDTH}",
            "attention": f"{len(self.layers)} layers of {WIDTH}, {inner} inside, reaching {REACH} steps back",
            "gru": f"1 layer of {self.hidden}",
            "begun_from": "the encoder of Whisper base (OpenAI; MIT)",
        }

    @property
    def state_sizes(self) -> list[int]:
        """Of the parts of the state: the last frames, each layer's keys and values, the GRU layer's."""
        return [FRAMES_BACK * BANDS, *[REACH * 2 * WIDTH] * len(self.layers), self.hidden]

    @property
    def state_size(self) -> int:
        """Length of the state vector."""
        return sum(self.state_sizes)

    def body(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `Net.body`."""
        *past, memory = state.split(self.state_sizes, 1)
        x, around, after = self.lower(steps, past)
        x, memory = self.upper(x, around, memory)
        return x, torch.cat([part.flatten(1) for part in (*after, memory)], 1)

    def lower(self, steps: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Whisper's layers, which know no labels.

        Args:
            steps: As for `body`.
            state: All parts of the state but the GRU layer's.

        Returns:
            What they make of each step, shape (batch, steps, WIDTH); the bands about each, (batch, steps, FRAMES *
            BANDS); and the state after them.
        """
        past, *heard = state
        frames = ((steps - self.mean) * self.scale).unflatten(2, (2, BANDS)).flatten(1, 2)
        frames = torch.cat((past.unflatten(1, (FRAMES_BACK, BANDS)), frames), 1)
        after = [frames[:, -FRAMES_BACK:]]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training and HALF):
            x = functional.gelu(self.frames(frames.transpose(1, 2)))
            x = functional.gelu(self.steps(x)).transpose(1, 2) + self.position
            for layer, before in zip(self.layers, heard, strict=True):
                x, last = layer(x, before.unflatten(1, (REACH, 2 * WIDTH)))
                after.append(last)
        return x, frames.unfold(1, FRAMES, 2).transpose(2, 3).flatten(2), after

    def upper(self, x: Tensor, around: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """What stands on Whisper's layers, given what `lower` returns and the GRU layer's part of the state."""
        x = torch.relu(self.encoded(self.norm(x)) + self.bands(around))
        x, memory = self.gru(self.dropout(x), memory[None].contiguous())
        return x, memory[0]

    def groups(self) -> list[dict[str, Any]]:
        """See `Net.groups`."""
        learnt = [
            *self.frames.parameters(),
            *self.steps.parameters(),
            self.position,
            *self.layers.parameters(),
        ]
        known = {id(parameter) for parameter in learnt}
        new = [parameter for parameter in self.parameters() if id(parameter) not in known]
        return [{"params": learnt, "share": _LEARNT}, {"params": new, "share": 1.0}]
