"""Writes the network as ONNX, in 8-bit integers, and checks that onnxruntime computes nearly the same.

Matrix products, which are nearly all of the work, are those of `tools.train.graph`; gates and the state that the GRU
layers carry stay floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper

from mascot_visemes.features import BANDS
from tools.train.graph import Graph, Range
from tools.train.net import FULL, HEADS, KERNEL

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from tools.train.net import Net

    Floats = NDArray[np.float32]
    Weights = dict[str, Floats]
    Outputs = tuple[Floats, Floats]

_OPSETS = (helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1))
_IR_VERSION = 8
_END = np.iinfo(np.int64).max
_HIDDEN = Range(1 / 127, 128)  # what GRU layers put out lies between -1 and 1
# Part of the values of the convolution's input and output that their ranges leave out at each end.
_OUTSIDE = 1e-5
_TOLERANCE = 0.002  # mean difference of posteriors that rounding may make


def _layer(graph: Graph, number: int, x: tuple[str, Range], state: str, weights: Weights) -> tuple[str, str]:
    """Adds a GRU layer.

    Args:
        graph: To add to.
        number: Of the layer.
        x: Its input in levels, shape (steps, batch, hidden), and the range of those.
        state: Before the first step, shape (batch, hidden).
        weights: Of the network, by torch's names.

    Returns:
        The state after the last step, and the output in levels of `_HIDDEN`, shape (steps, batch, hidden).
    """
    into, bias, of_state, bias_of_state = (
        weights[f"gru.{name}_l{number}"] for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
    )
    hidden = of_state.shape[1]
    # The reset and the update gate are one product and one sigmoid: small batches wait for nodes, not for sums.
    widths = [2 * hidden, hidden]
    gates = graph.product(x[0], x[1], into, bias)
    gates = graph.add("Split", gates, graph.constant(widths, np.int64), names=("",) * 2, axis=2)
    step = Graph(f"layer{number}_")
    before, given_gates, given_new = names = [f"layer{number}_{name}" for name in ("before", "gates", "new")]
    levels = step.rounded(before, _HIDDEN)
    both, new = (
        step.product(levels, _HIDDEN, of_state[rows], bias_of_state[rows])
        for rows in (slice(2 * hidden), slice(2 * hidden, None))
    )
    both = step.add("Sigmoid", step.add("Add", given_gates, both))
    reset, update = step.add("Split", both, names=("",) * 2, axis=1)
    new = step.add("Tanh", step.add("Add", given_new, step.add("Mul", reset, new)))
    after = step.add("Add", new, step.add("Mul", update, step.add("Sub", before, new)))
    out = step.rounded(after, _HIDDEN)
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


def _model(net: Net, ranges: tuple[Range, Range]) -> onnx.ModelProto:
    """The graph: `Net.forward`, with time before batch inside.

    Args:
        net: The network.
        ranges: Of the convolution's input and of its output.
    """
    w = {name: value.detach().numpy() for name, value in net.state_dict().items()}
    hidden, labels, context = net.hidden, net.labels, KERNEL - 1
    graph = Graph()

    def shape(*sizes: int) -> str:
        return graph.constant(sizes, np.int64)

    def cut(x: str, start: int, end: int) -> str:
        name: str = graph.add("Slice", x, shape(start), shape(end), shape(0))
        return name

    past, *memory = graph.add(
        "Split", "state", shape(context * 2 * BANDS, hidden, hidden), names=("",) * 3, axis=1
    )
    x = graph.add(
        "Sub", graph.add("Transpose", "steps", perm=[1, 0, 2]), graph.constant(w["mean"], np.float32)
    )
    x = graph.add("Mul", x, graph.constant(w["scale"], np.float32))
    past = graph.add("Transpose", graph.add("Reshape", past, shape(-1, context, 2 * BANDS)), perm=[1, 0, 2])
    x = graph.add("Concat", past, x, axis=0)
    past = graph.add("Transpose", cut(x, -context, _END), perm=[1, 0, 2])
    past = graph.add("Reshape", past, shape(-1, context * 2 * BANDS))
    x = graph.rounded(x, ranges[0])
    x = graph.add("Concat", *(cut(x, k, k - context or _END) for k in range(KERNEL)), axis=2)
    x = graph.add("Relu", graph.product(x, ranges[0], w["front.weight"], w["front.bias"]))
    x, after = graph.rounded(x, ranges[1]), []
    for number, (state, span) in enumerate(zip(memory, (ranges[1], _HIDDEN), strict=True)):
        last, x = _layer(graph, number, (x, span), state, w)
        after.append(last)
    # Head 11 tells the frame before head 10's: reversed, the heads of successive steps run through the frames, and
    # the early ones after the last step run on from there.
    late = graph.product(x, _HIDDEN, *heads_reversed((w["late.weight"], w["late.bias"]), FULL))
    late = graph.add("Reshape", graph.add("Transpose", late, perm=[1, 0, 2]), shape(0, -1, labels))
    early = graph.rounded(after[-1], _HIDDEN)
    outputs = heads_reversed((w["early.weight"], w["early.bias"]), HEADS - FULL)
    early = graph.product(early, _HIDDEN, *outputs)
    early = graph.add("Reshape", early, shape(0, -1, labels))
    graph.add("Softmax", graph.add("Concat", late, early, axis=1), names=("posteriors",), axis=-1)
    graph.add("Concat", past, *after, names=("next_state",), axis=1)

    def face(name: str, *sizes: str | int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)

    state_face = ("batch", net.state_size)
    made = helper.make_graph(
        graph.nodes,
        "mascot-visemes",
        [face("steps", "batch", "steps", 2 * BANDS), face("state", *state_face)],
        [
            face("posteriors", "batch", "frames", labels),
            face("next_state", *state_face),
        ],
        graph.constants,
    )
    return helper.make_model(made, opset_imports=_OPSETS, ir_version=_IR_VERSION)


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
def _ranges(net: Net, steps: Tensor) -> tuple[Range, Range]:
    """Ranges of the convolution's input and output on speech."""
    bands = (steps - net.mean) * net.scale
    windows = torch.cat([bands[:, k : bands.shape[1] - (KERNEL - 1 - k)] for k in range(KERNEL)], dim=2)
    out = torch.relu(net.front(windows))
    low, high = np.quantile(bands.numpy(), (_OUTSIDE, 1 - _OUTSIDE))
    return Range.of(float(low), float(high)), Range.of(0.0, float(np.quantile(out.numpy(), 1 - _OUTSIDE)))


def write_onnx(net: Net, path: Path, steps: Tensor) -> None:
    """Export `net` to `path`, any batch and any number of steps, and compare it with onnxruntime.

    Args:
        net: The network.
        path: Where to.
        steps: Speech to take ranges from and to compare on, shape (batch, steps, 2 * BANDS).

    Raises:
        RuntimeError: onnxruntime's posteriors differ from torch's by more than rounding makes.
    """
    net.eval()
    model = _model(net, _ranges(net, steps))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    state = torch.zeros(len(steps), net.state_size)
    with torch.no_grad():
        expected, _ = net(steps, state)
    posteriors, _ = session.run(None, {"steps": steps.numpy(), "state": state.numpy()})
    mean = float(np.abs(expected.numpy() - posteriors).mean())
    if mean > _TOLERANCE:
        raise RuntimeError(f"posteriors of the exported network differ by {mean:.2g} in the mean")
