"""The ONNX graph of `tools.train.encoder`.

What goes into a product is rounded to a fixed range, taken on speech. Attention itself stays in floats: it is a small
part of the work. But the keys and values that a stream keeps are rounded to 8 bits: there are 51 200 of them, and to
copy them in and out of every call took as long as a third of the products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from onnx import TensorProto
from torch import nn

from mascot_visemes.features import BANDS
from mascot_visemes.network import STEPS_AT_ONCE
from tools.train.encoder import ATTENTION_HEADS, FRAMES, FRAMES_BACK, KERNEL, REACH, WIDTH, EncoderNet
from tools.train.graph import Graph, Product, Range
from tools.train.net import FULL
from tools.train.onnx_parts import (
    END,
    State,
    cut,
    gru_layer,
    gru_products,
    head_products,
    normalised,
    read_out,
    shape,
    weights_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tools.train.onnx_parts import Floats, Products, Weights

# Part of the values of a product's input that its range leaves out at each end.
_OUTSIDE = 1e-6
_MOST = 4_000_000  # values to take a range from
_NEVER = -1e9
_SMALLEST = 1e-6
_LEVELS_EACH_SIDE = 127
_WIDTH_OF_HEAD = WIDTH // ATTENTION_HEADS
SCORE_SCALE = _WIDTH_OF_HEAD**-0.5  # of products of queries and keys


@dataclass(frozen=True, slots=True)
class Parts:
    """What a graph is drawn of.

    Attributes:
        products: By the names of the network's modules, and as from `gru_products`, `head_products` and
            `attention_products`.
        weights: What is not in a product, by torch's names; and for each layer ``value_levels``, the distance between
            two levels of each value, shape (WIDTH,).
    """

    products: Products
    weights: Weights

    @property
    def layers(self) -> int:
        """How many layers attend."""
        return sum(name.endswith(".distance") for name in self.weights)

    @property
    def labels(self) -> int:
        """How many phonemes the heads distinguish."""
        return len(self.products["late"].bias) // FULL


def parts_of(net: EncoderNet, steps: Tensor) -> Parts:
    """Round a network.

    Args:
        net: The network.
        steps: Speech to take ranges from, shape (batch, steps, 2 * BANDS).
    """
    weights = weights_of(net)
    ranges, levels = _ranges(net, steps)
    ranges["bands"] = ranges["frames"]  # the same levels go into both
    products = gru_products(0, ranges.pop("gru"), weights) | head_products(weights)
    for name, span in ranges.items():
        weight = weights[f"{name}.weight"]
        # A convolution's has positions behind its inputs; windows are laid out position by position.
        outputs, inputs, *_ = weight.shape
        weight = weight.reshape(outputs, inputs, -1).transpose(0, 2, 1).reshape(outputs, -1)
        products[name] = Product.of(span, weight, weights[f"{name}.bias"])
    for number, its_levels in enumerate(levels):
        name = f"layers.{number}"
        products |= attention_products(name, products.pop(f"{name}.attention_in"), its_levels)
        weights[f"{name}.value_levels"] = its_levels[WIDTH:]
    return Parts(products, weights)


def attention_products(name: str, product: Product, levels: Floats) -> Products:
    """The products of a layer's queries, and of its keys and values, for `drawn`.

    Levels of keys and values are 1 apart. Queries are multiplied with the distance between levels of the keys instead,
    and with the scale of scores; what comes out of attention with that of the values.

    Args:
        name: Of the layer.
        product: Of queries, keys and values.
        levels: Distance between two levels of each key and value, as from `kept_levels`.
    """
    return {
        f"{name}.query": product.cut(slice(WIDTH), levels[:WIDTH] * np.float32(SCORE_SCALE)),
        f"{name}.kept": product.cut(slice(WIDTH, None), np.float32(1) / levels),
    }


def kept_levels(values: Floats) -> Floats:
    """Distance between two of 255 levels for each column, for keys and values, shape (columns,)."""
    levels: Floats = (np.maximum(np.abs(values).max(axis=0), _SMALLEST) / _LEVELS_EACH_SIDE).astype(
        np.float32
    )
    return levels


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
def _ranges(net: EncoderNet, steps: Tensor) -> tuple[dict[str, Range], list[Floats]]:
    """Range of what goes into each module with a product, by its name; and each layer's levels of keys and values."""
    found: dict[str, Range] = {}
    levels: list[Floats] = []

    def taking(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def take(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            values = inputs[0].numpy().ravel()
            low, high = np.quantile(values[:: 1 + len(values) // _MOST], (_OUTSIDE, 1 - _OUTSIDE))
            found[name] = Range.of(min(0.0, float(low)), float(high))

        return take

    def keep(_module: nn.Module, _inputs: tuple[Tensor, ...], out: Tensor) -> None:
        levels.append(kept_levels(out[..., WIDTH:].flatten(0, 1).numpy()))

    kinds = (nn.Linear, nn.Conv1d, nn.GRU)
    hooks = [
        module.register_forward_pre_hook(taking(name))
        for name, module in net.named_modules()
        if isinstance(module, kinds)
    ]
    hooks += [layer.attention_in.register_forward_hook(keep) for layer in net.layers]
    net.body(steps, steps.new_zeros(len(steps), net.state_size))
    for hook in hooks:
        hook.remove()
    return found, levels


class _Drawing:
    """The graph in the making: parts that it has several of, by the names of the network's modules."""

    def __init__(self, parts: Parts) -> None:
        self.graph = Graph()
        self.products = parts.products
        self.weights = parts.weights
        self.integers = self.floats(1.0), self.graph.constant(0, np.int8)

    def floats(self, values: object) -> str:
        return self.graph.constant(values, np.float32)

    def rounded(self, x: str, name: str) -> str:
        return self.graph.rounded(x, self.products[name].span)

    def product(self, x: str, name: str) -> str:
        """The product of a module, of `x` in levels."""
        return self.graph.product(x, self.products[name])

    def norm(self, x: str, name: str) -> str:
        values = (self.floats(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        result: str = self.graph.add("LayerNormalization", x, *values, axis=-1, epsilon=1e-5)
        return result

    def gelu(self, x: str) -> str:
        result: str = self.graph.add("Gelu", x, domain="com.microsoft")
        return result

    def distances(self) -> str:
        """How many steps back each key is from each query; `REACH` + 1 if out of reach.

        Shape (`STEPS_AT_ONCE`, `REACH` + `STEPS_AT_ONCE`). Of constants, so onnxruntime computes it once.
        """
        graph = self.graph
        zero, one, reach, beyond, end = (
            graph.constant(n, np.int64) for n in (0, 1, REACH, REACH + 1, REACH + STEPS_AT_ONCE)
        )
        query, key = graph.add("Range", reach, end, one), graph.add("Range", zero, end, one)
        distance = graph.add("Sub", graph.add("Unsqueeze", query, shape(graph, 1)), key)
        far = graph.add("Or", graph.add("Less", distance, zero), graph.add("Less", reach, distance))
        result: str = graph.add("Where", far, beyond, distance)
        return result

    def compared(self) -> str:
        """How many queries and how many keys there are, shape (2,)."""
        graph = self.graph
        steps = cut(graph, graph.add("Shape", "steps"), 1, 2, axis=0)
        result: str = graph.add("Add", graph.add("Concat", steps, steps, axis=0), shape(graph, 0, REACH))
        return result

    def layer(self, number: int, x: str, distances: str, compared: str) -> str:
        """A transformer's layer, with its keys and values of the last `REACH` steps in levels; returns what comes out.

        Args:
            number: Of the layer.
            x: Shape (batch, steps, WIDTH).
            distances: As from `distances`.
            compared: As from `compared`.
        """
        name, states = f"layers.{number}", [f"{kind}_{number}" for kind in ("keys", "values")]
        graph = self.graph
        y = self.rounded(self.norm(x, f"{name}.attention_norm"), f"{name}.query")
        new = graph.add("QuantizeLinear", self.product(y, f"{name}.kept"), *self.integers)
        new = graph.add("Reshape", new, shape(graph, 0, 0, 2 * ATTENTION_HEADS, _WIDTH_OF_HEAD))
        new = graph.add("Transpose", new, perm=[0, 2, 1, 3])
        heads = shape(graph, ATTENTION_HEADS, ATTENTION_HEADS)
        new = graph.add("Split", new, heads, names=("", ""), axis=1)
        kept = [graph.add("Concat", *both, axis=2) for both in zip(states, new, strict=True)]
        for state, both in zip(states, kept, strict=True):
            graph.add("Slice", both, *(shape(graph, n) for n in (-REACH, END, 2)), names=(f"next_{state}",))
        key, value = (graph.add("Cast", part, to=TensorProto.FLOAT) for part in kept)
        query = graph.add(
            "Reshape", self.product(y, f"{name}.query"), shape(graph, 0, 0, ATTENTION_HEADS, _WIDTH_OF_HEAD)
        )
        query = graph.add("Transpose", query, perm=[0, 2, 1, 3])
        score = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 1, 3, 2]))
        counts = np.pad(self.weights[f"{name}.distance"], ((0, 0), (0, 1)), constant_values=_NEVER)
        counts = graph.add("Gather", self.floats(counts), distances, axis=1)
        counts = graph.add("Slice", counts, shape(graph, 0, 0), compared, shape(graph, 1, 2))
        share = graph.add("Softmax", graph.add("Add", score, counts), axis=-1)
        y = graph.add("Transpose", graph.add("MatMul", share, value), perm=[0, 2, 1, 3])
        y = graph.add("Reshape", y, shape(graph, 0, 0, WIDTH))
        y = graph.add("Mul", y, self.floats(self.weights[f"{name}.value_levels"]))
        y = self.product(self.rounded(y, f"{name}.attention_out"), f"{name}.attention_out")
        x = graph.add("Add", x, y)
        y = self.product(self.rounded(self.norm(x, f"{name}.norm"), f"{name}.up"), f"{name}.up")
        y = self.product(self.rounded(self.gelu(y), f"{name}.down"), f"{name}.down")
        result: str = graph.add("Add", x, y)
        return result


def encoder_graph(net: EncoderNet, steps: Tensor) -> tuple[Graph, list[State]]:
    """The graph of `net`, and the parts of its state.

    Args:
        net: The network.
        steps: Speech to take ranges from, shape (batch, steps, 2 * BANDS).
    """
    return drawn(parts_of(net, steps))


def drawn(parts: Parts) -> tuple[Graph, list[State]]:
    """The graph of a network, and the parts of its state: floats, and the keys and values of attention in levels."""
    drawing = _Drawing(parts)
    graph, layers = drawing.graph, parts.layers
    hidden = len(parts.products["encoded"].bias)
    past, memory = graph.add(
        "Split", "state", shape(graph, FRAMES_BACK * BANDS, hidden), names=("", ""), axis=1
    )
    frames = graph.add("Reshape", normalised(graph, drawing.weights), shape(graph, 0, -1, BANDS))
    past = graph.add("Reshape", past, shape(graph, -1, FRAMES_BACK, BANDS))
    frames = graph.add("Concat", past, frames, axis=1)
    past = cut(graph, frames, -FRAMES_BACK, END, axis=1)
    past = graph.add("Reshape", past, shape(graph, -1, FRAMES_BACK * BANDS))
    frames = drawing.rounded(frames, "frames")
    last = KERNEL - 1
    x = graph.add("Concat", *(cut(graph, frames, k, k - last or END, axis=1) for k in range(KERNEL)), axis=2)
    x = drawing.rounded(drawing.gelu(drawing.product(x, "frames")), "steps")
    x = graph.add(
        "Concat", *(cut(graph, x, k, k - last or END, axis=1, step=2) for k in range(KERNEL)), axis=2
    )
    x = drawing.gelu(drawing.product(x, "steps"))
    x = graph.add("Add", x, drawing.floats(drawing.weights["position"]))
    distances, compared = drawing.distances(), drawing.compared()
    for number in range(layers):
        x = drawing.layer(number, x, distances, compared)
    x = drawing.product(drawing.rounded(drawing.norm(x, "norm"), "encoded"), "encoded")
    last = FRAMES - 1
    around = graph.add(
        "Concat", *(cut(graph, frames, k, k - last or END, axis=1, step=2) for k in range(FRAMES)), axis=2
    )
    x = graph.add("Relu", graph.add("Add", x, drawing.product(around, "bands")))
    x = drawing.rounded(graph.add("Transpose", x, perm=[1, 0, 2]), "gru.0.input")
    memory, x = gru_layer(graph, 0, x, memory, parts.products)
    read_out(graph, parts.products, x, memory)
    graph.add("Concat", past, memory, names=("next_state",), axis=1)
    sizes = (ATTENTION_HEADS, REACH, _WIDTH_OF_HEAD)
    kept = [
        State(f"{kind}_{number}", TensorProto.INT8, sizes)
        for number in range(layers)
        for kind in ("keys", "values")
    ]
    return graph, [State("state", TensorProto.FLOAT, (FRAMES_BACK * BANDS + hidden,)), *kept]
