"""Writes the network as ONNX, its weights in 8-bit integers.

The same graph in floats is checked against torch first. What the integers cost is measured by `tools.train.tune`,
which hears the dev split through the file written here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from mascot_visemes.features import BANDS

if TYPE_CHECKING:
    from tools.train.net import Net

_TOLERANCE = 1e-4


def write_onnx(net: Net, path: Path) -> None:
    """Export `net` to `path`, any batch and any number of steps.

    Raises:
        RuntimeError: In floats, onnxruntime's posteriors differ from torch's.
    """
    net.eval()
    with tempfile.TemporaryDirectory() as folder:
        floats = Path(folder) / "floats.onnx"
        _export(net, floats)
        _compare(net, floats)
        # Seven bits: processors without VNNI add pairs of products in 16 bits, which weights of eight would overflow.
        quantize_dynamic(floats, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def _export(net: Net, path: Path) -> None:
    example = (torch.zeros(2, 5, 2 * BANDS), torch.zeros(2, net.state_size))
    torch.onnx.export(
        net,
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


def _compare(net: Net, path: Path) -> None:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for batch, steps in ((1, 1), (3, 7), (1, 200)):
        x = rng.normal(-12.0, 4.0, (batch, steps, 2 * BANDS)).astype(np.float32)
        state = rng.normal(0.0, 0.3, (batch, net.state_size)).astype(np.float32)
        with torch.no_grad():
            expected = net(torch.from_numpy(x), torch.from_numpy(state))
        found = session.run(None, {"steps": x, "state": state})
        for ours, theirs in zip(expected, found, strict=True):
            worst = float(np.abs(ours.numpy() - theirs).max())
            if worst > _TOLERANCE:
                raise RuntimeError(
                    f"exported network differs by {worst:.2g} for batch {batch}, {steps} steps"
                )
