"""Writes the network as ONNX and checks that onnxruntime computes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch

from mascot_visemes.features import BANDS

if TYPE_CHECKING:
    from pathlib import Path

    from tools.train.net import Net

_TOLERANCE = 1e-4


def write_onnx(net: Net, path: Path) -> None:
    """Export `net` to `path`, any batch and any number of steps, and compare it with onnxruntime.

    Raises:
        RuntimeError: onnxruntime's posteriors differ from torch's.
    """
    net.eval()
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
