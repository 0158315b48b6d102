"""The ONNX graph of `tools.train.encoder`.

What goes into a product is rounded to a fixed range, taken on speech. Attention itself stays in floats: it is a small
part of the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from mascot_visemes.features import BANDS
from tools.train.encoder import ATTENTION_HEADS, FRAMES, FRAMES_BACK, KERNEL, REACH, WIDTH, EncoderNet
from tools.train.graph import Graph, Range
from tools.train.onnx_parts import END, cut, gru_layer, normalised, read_out, shape, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tools.train.onnx_parts import Weights

# Part of the values of a product's input that its range leaves out at each end.
_OUTSIDE = 1e-6
_MOST = 4_000_000  # values to take a range from
_NEVER = -1e9
_WIDTH_OF_HEAD = WIDTH // ATTENTION_HEADS


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
def _ranges(net: EncoderNet, steps: Tensor) -> dict[str, Range]:
    """Range of what goes into each module with a product, by its name."""
    found: dict[str, Range] = {}

    def taking(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def take(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            values = inputs[0].numpy().ravel()
            low, high = np.quantile(values[:: 1 + len(values) // _MOST], (_OUTSIDE, 1 - _OUTSIDE))
            found[name] = Range.of(min(0.0, float(low)), float(high))

        return take

    kinds = (nn.Linear, nn.Conv1d, nn.GRU)
    hooks = [
        module.register_forward_pre_hook(taking(name))
        for name, module in net.named_modules()
        if isinstance(module, kinds)
    ]
    net.body(steps, steps.new_zeros(len(steps), net.state_size))
    for hook in hooks:
        hook.remove()
    return found


class _Drawing:
    """The graph in the making: parts that it has several of, by the names of the network's modules."""

    def __init__(self, weights: Weights, ranges: dict[str, Range]) -> None:
        self.graph = Graph()
        self.weights = weights
        self.ranges = ranges

    def floats(self, values: object) -> str:
        return self.graph.constant(values, np.float32)

    def rounded(self, x: str, name: str) -> str:
        return self.graph.rounded(x, self.ranges[name])

    def product(self, levels: str, name: str) -> str:
        """The product of a linear module, or of a convolution whose windows are laid out."""
        weight = self.weights[f"{name}.weight"]
        # A convolution's has positions behind its inputs; windows are laid out position by position.
        outputs, inputs, *_ = weight.shape
        weight = weight.reshape(outputs, inputs, -1).transpose(0, 2, 1).reshape(outputs, -1)
        return self.graph.product(levels, self.ranges[name], weight, self.weights[f"{name}.bias"])

    def norm(self, x: str, name: str) -> str:
        values = (self.floats(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        result: str = self.graph.add("LayerNormalization", x, *values, axis=-1, epsilon=1e-5)
        return result

    def gelu(self, x: str) -> str:
        result: str = self.graph.add("Gelu", x, domain="com.microsoft")
        return result

    def distances(self) -> str:
        """How many steps back each key is from each query; `REACH` + 1 if out of reach.

        Shape (steps, REACH + steps).
        """
        graph = self.graph
        zero, one, reach, beyond = (graph.constant(n, np.int64) for n in (0, 1, REACH, REACH + 1))
        steps = graph.add("Gather", graph.add("Shape", "steps"), one)
        query = graph.add("Range", reach, graph.add("Add", steps, reach), one)
        key = graph.add("Range", zero, graph.add("Add", steps, reach), one)
        distance = graph.add("Sub", graph.add("Unsqueeze", query, shape(graph, 1)), key)
        far = graph.add("Or", graph.add("Less", distance, zero), graph.add("Less", reach, distance))
        result: str = graph.add("Where", far, beyond, distance)
        return result

    def _heads(self, x: str, *perm: int) -> str:
        sizes = shape(self.graph, 0, 0, ATTENTION_HEADS, _WIDTH_OF_HEAD)
        result: str = self.graph.add("Transpose", self.graph.add("Reshape", x, sizes), perm=perm)
        return result

    def layer(self, name: str, x: str, heard: str, distances: str) -> tuple[str, str]:
        """A transformer's layer: what comes out, and the keys and values of the last `REACH` steps, flat."""
        graph = self.graph
        y = self.rounded(self.norm(x, f"{name}.attention_norm"), f"{name}.attention_in")
        y = self.product(y, f"{name}.attention_in")
        query, new = graph.add("Split", y, shape(graph, WIDTH, 2 * WIDTH), names=("", ""), axis=2)
        heard = graph.add(
            "Concat", graph.add("Reshape", heard, shape(graph, -1, REACH, 2 * WIDTH)), new, axis=1
        )
        after = graph.add(
            "Reshape", cut(graph, heard, -REACH, END, axis=1), shape(graph, -1, REACH * 2 * WIDTH)
        )
        key, value = graph.add("Split", heard, shape(graph, WIDTH, WIDTH), names=("", ""), axis=2)
        query = graph.add("Mul", self._heads(query, 0, 2, 1, 3), self.floats(_WIDTH_OF_HEAD**-0.5))
        score = graph.add("MatMul", query, self._heads(key, 0, 2, 3, 1))
        counts = np.pad(self.weights[f"{name}.distance"], ((0, 0), (0, 1)), constant_values=_NEVER)
        counts = graph.add("Gather", self.floats(counts), distances, axis=1)
        share = graph.add("Softmax", graph.add("Add", score, counts), axis=-1)
        y = graph.add("MatMul", share, self._heads(value, 0, 2, 1, 3))
        y = graph.add("Reshape", graph.add("Transpose", y, perm=[0, 2, 1, 3]), shape(graph, 0, 0, WIDTH))
        y = self.product(self.rounded(y, f"{name}.attention_out"), f"{name}.attention_out")
        x = graph.add("Add", x, y)
        y = self.product(self.rounded(self.norm(x, f"{name}.norm"), f"{name}.up"), f"{name}.up")
        y = self.product(self.rounded(self.gelu(y), f"{name}.down"), f"{name}.down")
        return graph.add("Add", x, y), after


def encoder_graph(net: EncoderNet, steps: Tensor) -> Graph:
    """The graph of `net`.

    Args:
        net: The network.
        steps: Speech to take ranges from, shape (batch, steps, 2 * BANDS).
    """
    ranges = _ranges(net, steps)
    ranges["bands"] = ranges["frames"]  # the same levels go into both
    drawing = _Drawing(weights_of(net), ranges)
    graph = drawing.graph
    widths = shape(graph, *net.state_sizes)
    past, *heard, memory = graph.add("Split", "state", widths, names=("",) * len(net.state_sizes), axis=1)
    frames = graph.add("Reshape", normalised(graph, drawing.weights), shape(graph, 0, -1, BANDS))
    past = graph.add("Reshape", past, shape(graph, -1, FRAMES_BACK, BANDS))
    frames = graph.add("Concat", past, frames, axis=1)
    after = [
        graph.add(
            "Reshape", cut(graph, frames, -FRAMES_BACK, END, axis=1), shape(graph, -1, FRAMES_BACK * BANDS)
        )
    ]
    frames = drawing.rounded(frames, "frames")
    last = KERNEL - 1
    x = graph.add("Concat", *(cut(graph, frames, k, k - last or END, axis=1) for k in range(KERNEL)), axis=2)
    x = drawing.rounded(drawing.gelu(drawing.product(x, "frames")), "steps")
    x = graph.add(
        "Concat", *(cut(graph, x, k, k - last or END, axis=1, step=2) for k in range(KERNEL)), axis=2
    )
    x = drawing.gelu(drawing.product(x, "steps"))
    x = graph.add("Add", x, drawing.floats(drawing.weights["position"]))
    distances = drawing.distances()
    for number, before in enumerate(heard):
        x, kept = drawing.layer(f"layers.{number}", x, before, distances)
        after.append(kept)
    x = drawing.product(drawing.rounded(drawing.norm(x, "norm"), "encoded"), "encoded")
    last = FRAMES - 1
    around = graph.add(
        "Concat", *(cut(graph, frames, k, k - last or END, axis=1, step=2) for k in range(FRAMES)), axis=2
    )
    x = graph.add("Relu", graph.add("Add", x, drawing.product(around, "bands")))
    x = drawing.rounded(graph.add("Transpose", x, perm=[1, 0, 2]), "gru")
    memory, x = gru_layer(graph, 0, (x, drawing.ranges["gru"]), memory, drawing.weights)
    read_out(graph, net, drawing.weights, x, memory)
    graph.add("Concat", *after, memory, names=("next_state",), axis=1)
    return graph
