"""Parts of the ONNX graphs of all networks.

Matrix products, which are nearly all of the work, are those of `tools.train.graph`; gates and the state that the GRU
layers carry stay floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from onnx import TensorProto, helper

from mascot_visemes.features import BANDS
from tools.train.graph import Graph, Product, Range
from tools.train.net import FULL, HEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

    from tools.train.net import Net

    Floats = NDArray[np.float32]
    Weights = dict[str, Floats]
    Products = dict[str, Product]
    Outputs = tuple[Floats, Floats]


class State(NamedTuple):
    """A part of what a graph keeps of a stream from call to call.

    Attributes:
        name: Of the graph's input.
        kind: Type of the numbers, one of `TensorProto`.
        sizes: Shape for one stream.
    """

    name: str
    kind: int
    sizes: tuple[int, ...]


HIDDEN = Range(1 / 127, 128)  # what GRU layers put out lies between -1 and 1
END = np.iinfo(np.int64).max
_OPSETS = (helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1))
_IR_VERSION = 8


def weights_of(net: Net) -> Weights:
    """Weights of a network, by torch's names."""
    return {name: value.detach().numpy() for name, value in net.state_dict().items()}


def shape(graph: Graph, *sizes: int) -> str:
    """Adds a constant of whole numbers."""
    return graph.constant(sizes, np.int64)


def cut(graph: Graph, x: str, start: int, end: int, *, axis: int, step: int = 1) -> str:
    """Adds a slice along an axis."""
    bounds = (shape(graph, number) for number in (start, end, axis, step))
    name: str = graph.add("Slice", x, *bounds)
    return name


def normalised(graph: Graph, weights: Weights) -> str:
    """Adds what the network sees of ``steps``: each band less its mean, by its deviation."""
    x = graph.add("Sub", "steps", graph.constant(weights["mean"], np.float32))
    name: str = graph.add("Mul", x, graph.constant(weights["scale"], np.float32))
    return name


def gru_products(number: int, span: Range, weights: Weights) -> Products:
    """Products of a GRU layer, for `gru_layer`.

    Args:
        number: Of the layer.
        span: Range of its input.
        weights: Of the network, by torch's names.
    """
    into, bias, of_state, bias_of_state = (
        weights[f"gru.{name}_l{number}"] for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
    )
    hidden = of_state.shape[1]
    # The reset and the update gate are one product and one sigmoid: small batches wait for nodes, not for sums.
    rows = {"both": slice(2 * hidden), "new": slice(2 * hidden, None)}
    of_state_products = {
        f"gru.{number}.{name}": Product.of(HIDDEN, of_state[part], bias_of_state[part])
        for name, part in rows.items()
    }
    return {f"gru.{number}.input": Product.of(span, into, bias)} | of_state_products


def gru_layer(graph: Graph, number: int, x: str, state: str, products: Products) -> tuple[str, str]:
    """Adds a GRU layer.

    Args:
        graph: To add to.
        number: Of the layer.
        x: Its input in levels, shape (steps, batch, hidden).
        state: Before the first step, shape (batch, hidden).
        products: As from `gru_products`.

    Returns:
        The state after the last step, and the output in levels of `HIDDEN`, shape (steps, batch, hidden).
    """
    hidden = len(products[f"gru.{number}.new"].bias)
    widths = [2 * hidden, hidden]
    gates = graph.product(x, products[f"gru.{number}.input"])
    gates = graph.add("Split", gates, graph.constant(widths, np.int64), names=("",) * 2, axis=2)
    step = Graph(f"layer{number}_")
    before, given_gates, given_new = names = [f"layer{number}_{name}" for name in ("before", "gates", "new")]
    levels = step.rounded(before, HIDDEN)
    both, new = (step.product(levels, products[f"gru.{number}.{name}"]) for name in ("both", "new"))
    both = step.add("Sigmoid", step.add("Add", given_gates, both))
    reset, update = step.add("Split", both, names=("",) * 2, axis=1)
    new = step.add("Tanh", step.add("Add", given_new, step.add("Mul", reset, new)))
    after = step.add("Add", new, step.add("Mul", update, step.add("Sub", before, new)))
    out = step.rounded(after, HIDDEN)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        for name, width in zip(names, [hidden, *widths], strict=True)
    ]
    outputs = [
        helper.make_tensor_value_info(name, kind, ["batch", hidden])
        for name, kind in ((after, TensorProto.FLOAT), (out, TensorProto.UINT8))
    ]
    body = helper.make_graph(step.nodes, f"layer{number}", inputs, outputs, step.constants)
    after, out = graph.add("Scan", state, *gates, names=("", ""), body=body, num_scan_inputs=2)
    return after, out


def heads_reversed(outputs: Outputs, heads: int) -> Outputs:
    """Weight, a row an output, and bias of a product for several heads, which then stand the other way round."""
    weight, bias = (np.concatenate(np.split(x, heads)[::-1]) for x in outputs)
    return weight, bias


def head_products(weights: Weights) -> Products:
    """Products of the heads, for `read_out`."""
    heads = {"late": FULL, "early": HEADS - FULL}
    return {
        name: Product.of(HIDDEN, *heads_reversed((weights[f"{name}.weight"], weights[f"{name}.bias"]), count))
        for name, count in heads.items()
    }


def read_out(graph: Graph, products: Products, x: str, last: str) -> None:
    """Adds the heads.

    Args:
        graph: To add to.
        products: As from `head_products`.
        x: Output of the last GRU layer in levels of `HIDDEN`, shape (steps, batch, hidden).
        last: Its state after the last step, shape (batch, hidden).
    """
    labels = len(products["late"].bias) // FULL
    # Head 11 tells the frame before head 10's: reversed, the heads of successive steps run through the frames, and
    # the early ones after the last step run on from there.
    late = graph.add("Transpose", graph.product(x, products["late"]), perm=[1, 0, 2])
    late = graph.add("Reshape", late, shape(graph, 0, -1, labels))
    early = graph.product(graph.rounded(last, HIDDEN), products["early"])
    early = graph.add("Reshape", early, shape(graph, 0, -1, labels))
    graph.add("Softmax", graph.add("Concat", late, early, axis=1), names=("posteriors",), axis=-1)


def model(graph: Graph, states: Sequence[State], *, labels: int) -> onnx.ModelProto:
    """The whole model.

    Args:
        graph: Takes ``steps`` and each part of the state; gives ``posteriors``, and each part with ``next_`` before its
            name.
        states: Parts of the state.
        labels: How many phonemes it distinguishes.
    """

    def face(name: str, kind: int, *sizes: str | int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, sizes)

    def faces(prefix: str) -> list[onnx.ValueInfoProto]:
        return [face(f"{prefix}{state.name}", state.kind, "batch", *state.sizes) for state in states]

    made = helper.make_graph(
        graph.nodes,
        "mascot-visemes",
        [face("steps", TensorProto.FLOAT, "batch", "steps", 2 * BANDS), *faces("")],
        [face("posteriors", TensorProto.FLOAT, "batch", "frames", labels), *faces("next_")],
        graph.constants,
    )
    return helper.make_model(made, opset_imports=_OPSETS, ir_version=_IR_VERSION)
