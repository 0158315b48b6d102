"""A network back from the ONNX file that `tools.train.export` wrote, to be trained on where its run is gone.

Weights come back as the integers that they were rounded to, times their scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from tools.train.export import heads_reversed
from tools.train.net import FULL, HEADS, Net

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto

    Floats = NDArray[np.float32]


def network(path: Path) -> Net:
    """The network of an ONNX file.

    Raises:
        SystemExit: It is none that `tools.train.export` writes.
    """
    graph = onnx.load(path).graph
    try:
        front, first, second, late, early = _products(graph)
        inner = [_products(node.attribute[0].g) for node in graph.node if node.op_type == "Scan"]
        constants = _constants(graph)
        mean, scale = (
            next(constants[node.input[1]] for node in graph.node if node.op_type == kind)
            for kind in ("Sub", "Mul")
        )
    except (ValueError, KeyError, StopIteration):
        raise SystemExit(f"--start: {path} is no network that this tool has written") from None
    net = Net(len(front[1]), len(late[1]) // FULL, torch.zeros(len(mean) // 2), torch.ones(len(mean) // 2))
    weights = {"mean": mean, "scale": scale}
    weights["front.weight"], weights["front.bias"] = front
    # In the file the heads stand the other way round.
    for name, outputs, heads in (("late", late, FULL), ("early", early, HEADS - FULL)):
        weights[f"{name}.weight"], weights[f"{name}.bias"] = heads_reversed(outputs, heads)
    for layer, ((weight, bias), gates) in enumerate(zip((first, second), inner, strict=True)):
        weights[f"gru.weight_ih_l{layer}"], weights[f"gru.bias_ih_l{layer}"] = weight, bias
        weights[f"gru.weight_hh_l{layer}"] = np.concatenate([w for w, _ in gates])
        weights[f"gru.bias_hh_l{layer}"] = np.concatenate([b for _, b in gates])
    net.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    return net


def _constants(graph: GraphProto) -> dict[str, Floats]:
    return {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}


def _products(graph: GraphProto) -> list[tuple[Floats, Floats]]:
    """Weight, a row an output, and bias of each product of a graph, in order."""
    constants = _constants(graph)

    def weights(node: NodeProto) -> tuple[Floats, Floats]:
        _, levels, _, scales, _, _, bias = node.input
        return constants[levels].T * constants[scales][:, None], constants[bias]

    return [weights(node) for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
