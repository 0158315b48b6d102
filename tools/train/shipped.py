"""A network back from the ONNX file that `tools.train.export` wrote, to be trained on where its run is gone.

Weights come back as the integers that they were rounded to, times their scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from mascot_visemes.features import BANDS
from tools.train.encoder import KERNEL, WIDTH, EncoderNet
from tools.train.gru import GruNet
from tools.train.net import FULL, HEADS
from tools.train.onnx_encoder import SCORE_SCALE
from tools.train.onnx_parts import heads_reversed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto

    from tools.train.net import Net
    from tools.train.onnx_parts import Outputs, Weights

    Floats = NDArray[np.float32]


def network(path: Path) -> Net:
    """The network of an ONNX file.

    Raises:
        SystemExit: It is none that `tools.train.export` writes.
    """
    graph = onnx.load(path).graph
    try:
        attends = any(node.op_type == "LayerNormalization" for node in graph.node)
        net, weights = _encoder(graph) if attends else _gru(graph)
    except (ValueError, KeyError, StopIteration):
        raise SystemExit(f"--start: {path} is no network that this tool has written") from None
    net.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    return net


def _gru(graph: GraphProto) -> tuple[Net, Weights]:
    front, first, second, late, early = _products(graph)
    weights = _outside(graph, late, early) | _linear("front", front)
    for layer, (into, inner) in enumerate(zip((first, second), _scans(graph), strict=True)):
        weights |= _gru_layer(layer, into, inner)
    return GruNet(len(front[1]), len(late[1]) // FULL, *_statistics()), weights


def _encoder(graph: GraphProto) -> tuple[Net, Weights]:
    frames, steps, *middle, encoded, bands, into, late, early = _products(graph)
    constants = _constants(graph)
    weights = _outside(graph, late, early) | _linear("encoded", encoded) | _linear("bands", bands)
    for name, (weight, bias) in (("frames", frames), ("steps", steps)):
        weights |= _linear(name, (weight.reshape(WIDTH, KERNEL, -1).transpose(0, 2, 1), bias))
    (gates,) = _scans(graph)
    weights |= _gru_layer(0, into, gates)
    adding = (constants.get(node.input[1]) for node in graph.node if node.op_type == "Add")
    weights["position"] = next(x for x in adding if x is not None and x.shape == (WIDTH,))
    norms = [node.input[1:] for node in graph.node if node.op_type == "LayerNormalization"]
    gathered = (constants.get(node.input[0]) for node in graph.node if node.op_type == "Gather")
    distances = [x for x in gathered if x is not None]
    names = []
    for layer, distance in enumerate(distances):
        weights[f"layers.{layer}.distance"] = distance[:, :-1]
        names += [f"layers.{layer}.attention_norm", f"layers.{layer}.norm"]
    for name, values in zip([*names, "norm"], norms, strict=True):
        weights |= _linear(name, (constants[values[0]], constants[values[1]]))
    scales = (constants.get(node.input[1]) for node in graph.node if node.op_type == "Mul")
    kept = [scale for scale in scales if scale is not None and scale.shape == (WIDTH,)]
    if kept:
        middle = _joined(middle, kept)
    parts = ("attention_in", "attention_out", "up", "down")
    products = [f"layers.{layer}.{part}" for layer in range(len(distances)) for part in parts]
    for name, outputs in zip(products, middle, strict=True):
        weights |= _linear(name, outputs)
    labels, inner = len(late[1]) // FULL, len(weights["layers.0.up.bias"])
    net = EncoderNet(len(encoded[1]), labels, *_statistics(), layers=len(distances), inner=inner)
    return net, weights


def _joined(products: list[Outputs], levels: list[Floats]) -> list[Outputs]:
    """Products of layers with those for attention joined: queries, keys and values in their own units."""
    result = []
    for layer, its_levels in enumerate(levels):
        kept, query, *others = products[5 * layer : 5 * (layer + 1)]
        units = np.concatenate((np.full(WIDTH, 1 / SCORE_SCALE), np.ones(WIDTH), its_levels)).astype(
            np.float32
        )
        weight, bias = (np.concatenate(both) for both in zip(query, kept, strict=True))
        result += [(weight * units[:, None], bias * units), *others]
    return result


def _statistics() -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation for a network whose own will be loaded."""
    return torch.zeros(BANDS), torch.ones(BANDS)


def _linear(name: str, outputs: Outputs) -> Weights:
    return {f"{name}.weight": outputs[0], f"{name}.bias": outputs[1]}


def _outside(graph: GraphProto, late: Outputs, early: Outputs) -> Weights:
    """What all networks have: bands' mean and scale, and the heads, which stand the other way round in the file."""
    constants = _constants(graph)
    mean, scale = (
        next(constants[node.input[1]] for node in graph.node if node.op_type == kind)
        for kind in ("Sub", "Mul")
    )
    weights = {"mean": mean, "scale": scale}
    for name, outputs, heads in (("late", late, FULL), ("early", early, HEADS - FULL)):
        weights |= _linear(name, heads_reversed(outputs, heads))
    return weights


def _scans(graph: GraphProto) -> list[list[Outputs]]:
    """Products inside each GRU layer."""
    return [_products(node.attribute[0].g) for node in graph.node if node.op_type == "Scan"]


def _gru_layer(number: int, into: Outputs, gates: list[Outputs]) -> Weights:
    of_state = [np.concatenate(part) for part in zip(*gates, strict=True)]
    names = [f"gru.{name}_l{number}" for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")]
    return dict(zip(names, (*into, *of_state), strict=True))


def _constants(graph: GraphProto) -> dict[str, Floats]:
    return {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}


def _products(graph: GraphProto) -> list[Outputs]:
    """Weight, a row an output, and bias of each product of a graph, in order."""
    constants = _constants(graph)

    def weights(node: NodeProto) -> Outputs:
        _, levels, _, scales, _, _, bias = node.input
        return constants[levels].T * constants[scales][:, None], constants[bias]

    return [weights(node) for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
