"""Makes `tiny.onnx` with the interface of a Piper voice, and `kokoro.onnx` with that of Kokoro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

SAMPLES = 512
"""A phoneme's."""


def hum(
    tokens: str, others: dict[str, tuple[int, list[int]]], output: str, shape: list[int]
) -> onnx.ModelProto:
    """A net that hums sin(0.02 k t) for each token k."""
    constants = [
        helper.make_tensor("step", TensorProto.FLOAT, [], [0.02]),
        helper.make_tensor("last", TensorProto.INT64, [1], [2]),
        helper.make_tensor("time", TensorProto.FLOAT, [1, 1, SAMPLES], np.arange(SAMPLES, dtype=np.float32)),
        helper.make_tensor("shape", TensorProto.INT64, [len(shape)], shape),
    ]
    nodes = [
        helper.make_node("Cast", [tokens], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["number", "step"], ["pitch"]),
        helper.make_node("Unsqueeze", ["pitch", "last"], ["column"]),
        helper.make_node("Mul", ["column", "time"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["tone"]),
        helper.make_node("Reshape", ["tone", "shape"], [output]),
    ]
    inputs = [helper.make_tensor_value_info(tokens, TensorProto.INT64, [1, None])]
    inputs += [helper.make_tensor_value_info(name, *described) for name, described in others.items()]
    result = helper.make_tensor_value_info(
        output, TensorProto.FLOAT, [None if size < 0 else size for size in shape]
    )
    graph = helper.make_graph(nodes, "hum", inputs, [result], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    folder = Path(__file__).parent
    floats, ints = TensorProto.FLOAT, TensorProto.INT64
    piper = {"input_lengths": (ints, [1]), "scales": (floats, [3])}
    onnx.save(hum("input", piper, "output", [1, 1, 1, -1]), folder / "tiny.onnx")
    kokoro = {"style": (floats, [1, 256]), "speed": (floats, [1])}
    onnx.save(hum("tokens", kokoro, "audio", [-1]), folder / "kokoro.onnx")
