"""Networks that others start from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")
pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="training needs onnx")

import torch

from tools.train.gru import GruNet
from tools.train.language import LANGUAGES
from tools.train.net import HEADS
from tools.train.start import started

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH, INDONESIAN = LANGUAGES["en"], LANGUAGES["id"]


def test_weights_are_taken_over(tmp_path: Path) -> None:
    mean, std = torch.zeros(40), torch.ones(40)
    english = GruNet(8, len(ENGLISH.labels), mean + 1, std).eval()
    torch.save({"net": english.state_dict()}, tmp_path / "best.pt")
    make = partial(GruNet, 8, len(INDONESIAN.labels))
    net = started(tmp_path, INDONESIAN, make, mean, std).eval()
    steps = torch.randn(2, 5, 80)
    ours, frames = net.read(steps, 0)
    theirs, _ = english.read(steps, 0)
    assert ours.shape == (2, len(frames), HEADS, len(INDONESIAN.labels))
    for label, kin in {"AA": "AA", "M": "M", "Q": "K", "HH_sil": "HH_E"}.items():
        expected = theirs[..., ENGLISH.index(kin)]
        assert torch.equal(ours[..., INDONESIAN.index(label)], expected)
    with pytest.raises(SystemExit, match="--hidden"):
        started(tmp_path, INDONESIAN, partial(GruNet, 9, len(INDONESIAN.labels)), mean, std)
    with pytest.raises(SystemExit, match="--start"):
        started(tmp_path / "nowhere", INDONESIAN, make, mean, std)
