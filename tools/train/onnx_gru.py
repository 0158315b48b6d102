"""The ONNX graph of `tools.train.gru`, with time before batch inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from onnx import TensorProto

from mascot_visemes.features import BANDS
from tools.train.graph import Graph, Product, Range
from tools.train.gru import KERNEL, GruNet
from tools.train.onnx_parts import (
    END,
    HIDDEN,
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
    from torch import Tensor

# Part of the values of the convolution's input and output that their ranges leave out at each end.
_OUTSIDE = 1e-5


def gru_graph(net: GruNet, steps: Tensor) -> tuple[Graph, list[State]]:
    """The graph of `net`, and the parts of its state.

    Args:
        net: The network.
        steps: Speech to take ranges from, shape (batch, steps, 2 * BANDS).
    """
    into, out_of = _ranges(net, steps)
    w, hidden, context = weights_of(net), net.hidden, KERNEL - 1
    products = {"front": Product.of(into, w["front.weight"], w["front.bias"])} | head_products(w)
    for number, span in enumerate((out_of, HIDDEN)):
        products |= gru_products(number, span, w)
    graph = Graph()
    widths = shape(graph, context * 2 * BANDS, hidden, hidden)
    past, *memory = graph.add("Split", "state", widths, names=("",) * 3, axis=1)
    x = graph.add("Transpose", normalised(graph, w), perm=[1, 0, 2])
    past = graph.add("Reshape", past, shape(graph, -1, context, 2 * BANDS))
    x = graph.add("Concat", graph.add("Transpose", past, perm=[1, 0, 2]), x, axis=0)
    past = graph.add("Transpose", cut(graph, x, -context, END, axis=0), perm=[1, 0, 2])
    past = graph.add("Reshape", past, shape(graph, -1, context * 2 * BANDS))
    x = graph.rounded(x, into)
    x = graph.add("Concat", *(cut(graph, x, k, k - context or END, axis=0) for k in range(KERNEL)), axis=2)
    x = graph.add("Relu", graph.product(x, products["front"]))
    x, after = graph.rounded(x, out_of), []
    for number, state in enumerate(memory):
        last, x = gru_layer(graph, number, x, state, products)
        after.append(last)
    read_out(graph, products, x, after[-1])
    graph.add("Concat", past, *after, names=("next_state",), axis=1)
    return graph, [State("state", TensorProto.FLOAT, (net.state_size,))]


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
def _ranges(net: GruNet, steps: Tensor) -> tuple[Range, Range]:
    """Ranges of the convolution's input and output on speech."""
    bands = (steps - net.mean) * net.scale
    windows = torch.cat([bands[:, k : bands.shape[1] - (KERNEL - 1 - k)] for k in range(KERNEL)], dim=2)
    out = torch.relu(net.front(windows))
    low, high = np.quantile(bands.numpy(), (_OUTSIDE, 1 - _OUTSIDE))
    return Range.of(float(low), float(high)), Range.of(0.0, float(np.quantile(out.numpy(), 1 - _OUTSIDE)))
