"""A network taken back from its ONNX file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="training needs onnx")

import onnx
import torch

from mascot_visemes.registry import load_network
from tools.train.net import HEADS
from tools.train.shipped import network

MODELS = Path(__file__).parents[2] / "packages" / "mascot-visemes" / "src" / "mascot_visemes" / "models"


@pytest.mark.parametrize("model", ["default", "lite"])
def test_it_tells_what_the_file_tells(model: str) -> None:
    net = network(MODELS / f"{model}.onnx").eval()
    theirs = load_network(model)
    steps = np.random.default_rng(1).normal(-14, 2, (3, 20, 80)).astype(np.float32)
    with torch.no_grad():
        ours, _ = net(torch.from_numpy(steps), torch.zeros(3, net.state_size))
    expected, _ = theirs.run(steps, tuple(np.repeat(part, 3, axis=0) for part in theirs.start))
    assert expected.shape == (3, 2 * 20 + HEADS - 2, len(theirs.labels))
    assert np.abs(ours.numpy() - expected).mean() < 0.002


def test_another_file_is_refused(tmp_path: Path) -> None:
    graph = onnx.helper.make_graph([], "empty", [], [])
    path = tmp_path / "other.onnx"
    onnx.save(onnx.helper.make_model(graph), path)
    with pytest.raises(SystemExit, match="no network that this tool has written"):
        network(path)
