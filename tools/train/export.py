"""Writes the network as ONNX, its LSTM and heads in 8-bit integers.

onnxruntime's integer LSTM takes the range of what it quantises from the values at hand: those of all streams of a
batch, over all steps of a call. One stream's answers would then depend on the others' and on where its audio is cut.
So the graph is given constants that pin every range: the LSTM takes in values from 0 to `CEILING`, one of which is
always `CEILING`; and each layer has two units more than were trained, whose outputs are always 1 and -1, beyond which
no other can go.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from mascot_visemes.features import BANDS
from tools.train.net import CEILING, FULL, HEADS, KERNEL

if TYPE_CHECKING:
    from tools.train.net import Net

_TOLERANCE = 1e-4
_PINNED = 2  # units a layer that hold the ends of its range
_SHUT, _OPEN = -20.0, 20.0  # biases of gates that are always shut or open
_FULL_CELL = 40.0  # far in the saturation of tanh


class Graph(nn.Module):  # type: ignore[misc, unused-ignore]
    """A trained network with the constants that pin its ranges; the same function.

    Its state holds zeros for the constant units, so that a stream still starts from zeros.

    Args:
        net: The network.
    """

    pinned: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.width = width = net.hidden + _PINNED
        self.labels = net.labels
        self.register_buffer("mean", net.mean)
        self.register_buffer("scale", net.scale)
        self.front = nn.Linear(net.front.in_features, width)
        self.lstm = nn.LSTM(width, width, num_layers=2, batch_first=True)
        self.late = nn.Linear(width, net.late.out_features)
        self.early = nn.Linear(width, net.early.out_features)
        pinned = torch.zeros(self.state_size)
        output, cell = torch.zeros(width), torch.zeros(width)
        output[-_PINNED:] = torch.tensor([1.0, -1.0])
        cell[-_PINNED:] = torch.tensor([_FULL_CELL, -_FULL_CELL])
        pinned[-4 * width :] = torch.cat((output, output, cell, cell))
        self.register_buffer("pinned", pinned)
        with torch.no_grad():
            for value in self.parameters():
                value.zero_()
            self.front.weight[: net.hidden] = net.front.weight
            self.front.bias[: net.hidden] = net.front.bias
            self.front.bias[net.hidden :] = 2 * CEILING
            for layer in range(2):
                self._widen(net, layer)
            for mine, trained in ((self.late, net.late), (self.early, net.early)):
                mine.weight[:, : net.hidden] = trained.weight
                mine.bias[:] = trained.bias

    @property
    def state_size(self) -> int:
        """Length of the state vector, as `Net.state_size`."""
        return (KERNEL - 1) * 2 * BANDS + 4 * self.width

    def _widen(self, net: Net, layer: int) -> None:
        """Copy a layer, gate by gate (input, forget, cell, output), and let the constant units keep their cells."""
        gates = (_SHUT, _OPEN, 0.0, _OPEN)
        for gate, constant in enumerate(gates):
            mine = slice(gate * self.width, gate * self.width + net.hidden)
            trained = slice(gate * net.hidden, (gate + 1) * net.hidden)
            for name in (f"weight_ih_l{layer}", f"weight_hh_l{layer}"):
                getattr(self.lstm, name)[mine, : net.hidden] = getattr(net.lstm, name)[trained]
            for name in (f"bias_ih_l{layer}", f"bias_hh_l{layer}"):
                getattr(self.lstm, name)[mine] = getattr(net.lstm, name)[trained]
            getattr(self.lstm, f"bias_ih_l{layer}")[mine.stop : mine.stop + _PINNED] = constant

    def forward(self, steps: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the file computes.

        Args:
            steps: Two frames of log-mel bands each, shape (batch, steps, 2 * BANDS).
            state: What an earlier call returned, or zeros, shape (batch, state_size).

        Returns:
            Posteriors of the full-context heads at every step, shape (batch, steps, FULL, labels); of the other
            heads after the last step, shape (batch, HEADS - FULL, labels); the next state.
        """
        size = (KERNEL - 1) * 2 * BANDS
        past, *memory = torch.split(state + self.pinned, [size, *[self.width] * 4], dim=1)
        x = (steps - self.mean) * self.scale
        x = torch.cat((past.reshape(-1, KERNEL - 1, 2 * BANDS), x), dim=1)
        past = x[:, -(KERNEL - 1) :].reshape(-1, size)
        x = torch.cat((x[:, :-2], x[:, 1:-1], x[:, 2:]), dim=2)
        x = self.front(x).clamp(0.0, CEILING)
        x, (output, cell) = self.lstm(x, (torch.stack(memory[:2]), torch.stack(memory[2:])))
        state = torch.cat((past, output[0], output[1], cell[0], cell[1]), dim=1) - self.pinned
        late = self.late(x).unflatten(-1, (FULL, self.labels)).softmax(-1)
        early = self.early(x[:, -1]).unflatten(-1, (HEADS - FULL, self.labels)).softmax(-1)
        return late, early, state


def write_onnx(net: Net, path: Path) -> None:
    """Export `net` to `path`, any batch and any number of steps.

    Raises:
        RuntimeError: In floats, onnxruntime's posteriors differ from torch's.
    """
    net.eval()
    graph = Graph(net).eval()
    with tempfile.TemporaryDirectory() as folder:
        floats = Path(folder) / "floats.onnx"
        _export(graph, floats)
        _compare(net, graph, floats)
        # Seven bits: processors without VNNI add pairs of products in 16 bits, which weights of eight would overflow.
        quantize_dynamic(
            floats,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            # Its input has no bounds to pin, and its cost is small.
            nodes_to_exclude=["/front/MatMul"],
        )


def _export(graph: Graph, path: Path) -> None:
    example = (torch.zeros(2, 5, 2 * BANDS), torch.zeros(2, graph.state_size))
    torch.onnx.export(
        graph,
        example,
        str(path),
        input_names=["steps", "state"],
        output_names=["late", "early", "next_state"],
        dynamic_axes={
            "steps": {0: "batch", 1: "steps"},
            "state": {0: "batch"},
            "late": {0: "batch", 1: "steps"},
            "early": {0: "batch"},
            "next_state": {0: "batch"},
        },
        opset_version=17,
        dynamo=False,
    )


def _compare(net: Net, graph: Graph, path: Path) -> None:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for batch, steps in ((1, 1), (3, 7), (1, 200)):
        x = rng.normal(-12.0, 4.0, (batch, steps, 2 * BANDS)).astype(np.float32)
        state = np.zeros((batch, graph.state_size), np.float32)
        late, early, _ = session.run(None, {"steps": x, "state": state})
        with torch.no_grad():
            expected = net.logits(net.body(torch.from_numpy(x))).softmax(-1).numpy()
        worst = max(
            np.abs(late - expected[:, :, HEADS - FULL :]).max(),
            np.abs(early - expected[:, -1, : HEADS - FULL]).max(),
        )
        if worst > _TOLERANCE:
            raise RuntimeError(f"exported network differs by {worst:.2g} for batch {batch}, {steps} steps")
