"""The network that begins from Whisper's layers: live as whole, as ONNX, and with Whisper's weights."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")
pytest.importorskip("scipy", reason="training treats speech with scipy")
pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="training needs onnx")

import onnx
import onnxruntime
import torch

from tools.train.begin import weights
from tools.train.encoder import REACH, EncoderNet
from tools.train.export import write_onnx
from tools.train.onnx_encoder import drawn
from tools.train.onnx_parts import model
from tools.train.redraw import parts_from
from tools.train.shipped import network

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LABELS, STEPS = 7, 3 * REACH


@pytest.fixture
def net() -> EncoderNet:
    torch.manual_seed(1)
    net = EncoderNet(16, LABELS, torch.full((40,), 0.5), torch.full((40,), 1.5), layers=2, inner=24)
    for parameter in net.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    net.eval()
    return net


@pytest.fixture
def speech() -> torch.Tensor:
    return torch.randn(3, STEPS, 80, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("chunk", [1, 5, REACH + 3])
def test_chunks_are_heard_as_the_whole_is(net: EncoderNet, speech: torch.Tensor, chunk: int) -> None:
    state = torch.zeros(len(speech), net.state_size)
    with torch.no_grad():
        whole, after = net.body(speech, state)
        parts = []
        for part in speech.split(chunk, 1):
            hidden, state = net.body(part, state)
            parts.append(hidden)
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)
    assert torch.allclose(state, after, atol=1e-4)


def test_nothing_is_heard_before_its_time(net: EncoderNet, speech: torch.Tensor) -> None:
    state = torch.zeros(len(speech), net.state_size)
    other = speech.clone()
    other[:, 40:] += 1
    with torch.no_grad():
        before, after = (net.body(x, state)[0] for x in (speech, other))
    assert torch.equal(before[:, :40], after[:, :40])
    assert not torch.allclose(before[:, 40], after[:, 40], atol=1e-3)


def run(path: Path, speech: torch.Tensor, chunk: int) -> NDArray[np.float32]:
    """Posteriors of a file, all heads of every call, joined."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    state = {
        part.name: np.zeros((len(speech), *part.shape[1:]), np.int8 if "int8" in part.type else np.float32)
        for part in session.get_inputs()
        if part.name != "steps"
    }
    told = []
    for part in speech.split(chunk, 1):
        posteriors, *after = session.run(None, {"steps": part.numpy(), **state})
        state = dict(zip(state, after, strict=True))
        told.append(posteriors)
    return np.concatenate(told, axis=1)


def test_the_file_tells_the_same_and_gives_the_network_back(
    net: EncoderNet, speech: torch.Tensor, tmp_path: Path
) -> None:
    path = tmp_path / "net.onnx"
    write_onnx(net, path, speech)
    back = network(path).eval()
    assert isinstance(back, EncoderNet)
    state, expected = torch.zeros(len(speech), net.state_size), []
    for part in speech.split(5, 1):
        with torch.no_grad():
            posteriors, state = back(part, state)
        expected.append(posteriors.numpy())
    assert np.abs(run(path, speech, 5) - np.concatenate(expected, axis=1)).mean() < 0.002


def test_a_file_drawn_anew_is_the_same(net: EncoderNet, speech: torch.Tensor, tmp_path: Path) -> None:
    path, other = tmp_path / "net.onnx", tmp_path / "other.onnx"
    write_onnx(net, path, speech)
    parts = parts_from(onnx.load(path), speech.numpy)
    onnx.save(model(*drawn(parts), labels=parts.labels), other)
    assert np.array_equal(run(other, speech, 5), run(path, speech, 5))


def test_weights_are_read_from_a_model_of_ctranslate2(tmp_path: Path) -> None:
    def named(text: str) -> bytes:
        data = text.encode() + b"\0"
        return struct.pack("<H", len(data)) + data

    kinds = {"float32": 0, "int8": 1, "float16": 4}
    arrays: dict[str, NDArray[Any]] = {
        "encoder/conv1/bias": np.array([1.5, -2], np.float16),
        "encoder/conv1/weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "decoder/scale": np.ones((), np.int8),
    }
    file = struct.pack("<I", 6) + named("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    for name, array in arrays.items():
        shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        file += (
            named(name) + shape + struct.pack("<BI", kinds[array.dtype.name], array.nbytes) + array.tobytes()
        )
    (tmp_path / "model.bin").write_bytes(file)
    found = weights(tmp_path / "model.bin")
    assert set(found) == {"conv1/bias", "conv1/weight"}
    for name, array in found.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, arrays[f"encoder/{name}"])
