"""Writes a network as ONNX, in 8-bit integers, and checks that onnxruntime computes nearly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper

from mascot_visemes.network import STEPS_AT_ONCE
from tools.train.encoder import EncoderNet
from tools.train.onnx_encoder import encoder_graph
from tools.train.onnx_gru import gru_graph
from tools.train.onnx_parts import model

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from tools.train.net import Net

_TOLERANCE = 0.002  # mean difference of posteriors that rounding may make


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
    graph, states = encoder_graph(net, steps) if isinstance(net, EncoderNet) else gru_graph(net, steps)
    made = model(graph, states, labels=net.labels)
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    steps = steps[:, :STEPS_AT_ONCE]
    with torch.no_grad():
        expected, _ = net(steps, torch.zeros(len(steps), net.state_size))
    nothing = {
        state.name: np.zeros((len(steps), *state.sizes), helper.tensor_dtype_to_np_dtype(state.kind))
        for state in states
    }
    posteriors, *_ = session.run(None, {"steps": steps.numpy(), **nothing})
    mean = float(np.abs(expected.numpy() - posteriors).mean())
    if mean > _TOLERANCE:
        raise RuntimeError(f"posteriors of the exported network differ by {mean:.2g} in the mean")
