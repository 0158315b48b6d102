"""Whisper's weights for `EncoderNet` to start from.

What Whisper knows of speakers that the corpora lack stands in its first layers. They are made to fit: bands are taken
for its mel spectrum by a linear fit, attention gets a number for each distance in place of positions, the units inside
that do least are left out. Training mends what this breaks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tools.train.augment import features
from tools.train.corpus import RATE
from tools.train.encoder import ATTENTION_HEADS, REACH, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.train.net import Net
    from tools.train.start import Made

    Floats = NDArray[np.float32]

_KINDS = ("f4", "i1", "i2", "i4", "f2")  # of CTranslate2's numbers, by their codes
_LONGEST = 2900  # frames that the encoder takes at once
_MIDDLE = slice(50, 1450)  # positions, away from the ends
_STEEPEST = 6.0  # most that a distance may count for or against, in nats


def weights(path: Path) -> dict[str, Floats]:
    """The encoder's arrays in a model of CTranslate2, by their names there without ``encoder/``."""

    def number(kind: str) -> int:
        (value,) = struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))
        return int(value)

    def text() -> str:
        return file.read(number("H"))[:-1].decode()

    found = {}
    with path.open("rb") as file:
        number("I")  # version of the format
        text()  # kind of the model
        number("I")  # its revision
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            kind, data = number("B"), file.read(number("I"))
            if name.startswith("encoder/"):
                array = np.frombuffer(data, _KINDS[kind]).reshape(shape).astype(np.float32)
                found[name.removeprefix("encoder/")] = array
    return found


@dataclass(frozen=True, slots=True)
class _Layer:
    """What a layer of Whisper's does on speech.

    Attributes:
        distance: How much each distance counts for attention in the mean, in nats, shape (ATTENTION_HEADS, REACH + 1).
        work: How much each unit inside adds to the output, mean square, shape (inner,).
    """

    distance: Tensor
    work: Tensor


class _Whisper:
    """Whisper's first layers as they are, but that attention sees the last `REACH` steps alone."""

    def __init__(self, arrays: dict[str, Floats], layers: int) -> None:
        self.arrays = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self._count = layers

    def parameters(self, name: str) -> dict[str, Tensor]:
        """Weight and bias of a module, by torch's names."""
        names = {"gamma": "weight", "beta": "bias"}
        parts = ((key.rpartition("/"), value) for key, value in self.arrays.items())
        return {names.get(last, last): value for (module, _, last), value in parts if module == name}

    def _normed(self, x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, (WIDTH,), **self.parameters(name))

    def _product(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, **self.parameters(name))

    def _convolved(self, x: Tensor, name: str, stride: int) -> Tensor:
        return functional.gelu(functional.conv1d(x, **self.parameters(name), stride=stride, padding=1))

    def layers(self, mel: Tensor) -> list[_Layer]:
        """What each layer does on a mel spectrum, shape (80, frames)."""
        x = self._convolved(self._convolved(mel, "conv1", 1), "conv2", 2).T
        x = x + self.arrays["position_encodings/encodings"][: len(x)]
        steps = torch.arange(len(x))
        distance = steps[:, None] - steps
        near = (distance >= 0) & (distance <= REACH)
        found = []
        for number in range(self._count):
            name = f"layer_{number}"
            y = self._product(
                self._normed(x, f"{name}/self_attention/layer_norm"), f"{name}/self_attention/linear_0"
            )
            query, key, value = (
                part.unflatten(1, (ATTENTION_HEADS, -1)).transpose(0, 1) for part in y.split(WIDTH, 1)
            )
            score = (query @ key.transpose(1, 2) / query.shape[2] ** 0.5).masked_fill(~near, -torch.inf)
            score = score.log_softmax(2)
            counts = torch.stack([score.diagonal(-back, 1, 2).mean(1) for back in range(REACH + 1)], 1)
            y = (score.exp() @ value).transpose(0, 1).flatten(1)
            x = x + self._product(y, f"{name}/self_attention/linear_1")
            y = functional.gelu(
                self._product(self._normed(x, f"{name}/ffn/layer_norm"), f"{name}/ffn/linear_0")
            )
            size = self.parameters(f"{name}/ffn/linear_1")["weight"].square().sum(0)
            found.append(_Layer(counts, y.square().mean(0) * size))
            x = x + self._product(y, f"{name}/ffn/linear_1")
        return found


def _fit(bands: Tensor, mel: Tensor) -> tuple[Tensor, Tensor]:
    """The linear map from bands, shape (frames, BANDS), to a mel spectrum, (frames, 80), and what to add."""
    ones = torch.cat((bands, torch.ones(len(bands), 1)), 1)
    solution = torch.linalg.lstsq(ones, mel).solution
    return solution[:-1].T, solution[-1]


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
def begun(model: Path, speech: Sequence[Floats], make: Made, mean: Tensor, std: Tensor) -> Net:
    """A network with Whisper's weights; its GRU layer and its heads know nothing yet.

    Args:
        model: Whisper's, as converted for CTranslate2.
        speech: Some recordings at `RATE`, -1..1, half a second or longer, to measure on.
        make: Makes an `EncoderNet`, given `mean` and `std`.
        mean: Mean of each band, shape (BANDS,).
        std: Standard deviation of each band, shape (BANDS,).
    """
    net = make(mean, std)
    layers, inner = len(net.layers), net.layers[0].up.out_features
    theirs = _Whisper(weights(model), layers)
    mels, bands, done = [], [], []
    spectrum: Any = import_module("faster_whisper.feature_extractor").FeatureExtractor()
    for audio in speech:
        mel = torch.from_numpy(spectrum(audio, padding=0)[:, :_LONGEST]).float()
        ours = torch.from_numpy(features(audio, RATE)[: mel.shape[1]])
        mels.append(mel[:, : len(ours)].T)
        bands.append((ours - mean) / std)
        done.append(theirs.layers(mel))
    to_mel, added = _fit(torch.cat(bands), torch.cat(mels))
    frames = theirs.parameters("conv1")
    net.frames.weight.copy_(torch.einsum("omk,mb->obk", frames["weight"], to_mel))
    net.frames.bias.copy_(frames["bias"] + frames["weight"].sum(2) @ added)
    net.steps.load_state_dict(theirs.parameters("conv2"))
    net.position.copy_(theirs.arrays["position_encodings/encodings"][_MIDDLE].mean(0))
    for number, layer in enumerate(net.layers):
        name, found = f"layer_{number}", [each[number] for each in done]
        layer.attention_norm.load_state_dict(theirs.parameters(f"{name}/self_attention/layer_norm"))
        layer.attention_in.load_state_dict(theirs.parameters(f"{name}/self_attention/linear_0"))
        layer.attention_out.load_state_dict(theirs.parameters(f"{name}/self_attention/linear_1"))
        layer.norm.load_state_dict(theirs.parameters(f"{name}/ffn/layer_norm"))
        distance = torch.stack([each.distance for each in found]).mean(0)
        layer.distance.copy_((distance - distance.mean(1, keepdim=True)).clamp(-_STEEPEST, _STEEPEST))
        kept = torch.stack([each.work for each in found]).mean(0).topk(inner).indices.sort().values
        up, down = theirs.parameters(f"{name}/ffn/linear_0"), theirs.parameters(f"{name}/ffn/linear_1")
        layer.up.load_state_dict({part: value[kept] for part, value in up.items()})
        layer.down.load_state_dict({"weight": down["weight"][:, kept], "bias": down["bias"]})
    return net
