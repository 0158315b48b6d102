"""The models that are installed, and the engines made from them."""

from __future__ import annotations

import json
import threading
from importlib import resources
from typing import TYPE_CHECKING, Literal, overload

from mascot_visemes.engine import Engine
from mascot_visemes.errors import ModelFileError, UnknownModelError
from mascot_visemes.network import Network
from mascot_visemes.shapes import shape_set

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_lock = threading.Lock()
_networks: dict[str, Network] = {}
_engines: dict[tuple[str, str], Engine] = {}

NamedShapes = Literal["oculus", "rhubarb", "vrm", "arkit"]
"""Sets whose visemes are names."""


def available_models() -> tuple[str, ...]:
    """Names that ``load`` takes, ``default`` first."""
    names = {file.name.removesuffix(".json") for file in _folder().iterdir() if file.name.endswith(".json")}
    return tuple(sorted(names, key=lambda name: (name != "default", name)))


@overload
def load(model: str = ..., *, shapes: Literal["sapi"] = ...) -> Engine[int]: ...
@overload
def load(model: str = ..., *, shapes: NamedShapes) -> Engine[str]: ...
@overload
def load(model: str = ..., *, shapes: str) -> Engine: ...
def load(model: str = "default", *, shapes: str = "sapi") -> Engine:
    """The engine for a model and a viseme set. Loaded once; later calls return the same one. Thread-safe.

    Args:
        model: One of ``available_models``.
        shapes: ``sapi``: ids 0..21 of Microsoft's SAPI; ``oculus``: the 15 names of Oculus/OpenXR; ``rhubarb``: A to H
            and X of Rhubarb Lip Sync; ``vrm``: aa ih ou ee oh of VRM, and sil; ``arkit``: events as ``oculus``,
            weights as coefficients of ARKit's blendshapes.

    Raises:
        UnknownModelError: There is no such model.
        UnknownShapesError: There is no such viseme set.
        ModelFileError: The model's files are damaged.
    """
    chosen = shape_set(shapes)
    with _lock:
        if (model, shapes) not in _engines:
            _engines[model, shapes] = Engine(_network(model), chosen)
        return _engines[model, shapes]


def model_language(model: str) -> str:
    """Return the language of one of ``available_models``, as in ISO 639-1; ``all`` for a model of all languages."""
    return str(json.loads((_folder() / f"{model}.json").read_text("utf-8")).get("language", "all"))


def load_network(model: str = "default") -> Network:
    """The network of a model, shared with the engines made from it; raises as ``load``."""
    with _lock:
        return _network(model)


def _network(model: str) -> Network:
    if model not in _networks:
        if model not in available_models():
            raise UnknownModelError(model, available_models())
        try:
            text = (_folder() / f"{model}.json").read_text("utf-8")
            card = json.loads(text)
            # A card that names another model has no ONNX file of its own; the weights are loaded once for both.
            if "weights" in card:
                _networks[model] = _network(card["weights"]).with_card(model, card)
            else:
                _networks[model] = Network(model, (_folder() / f"{model}.onnx").read_bytes(), text)
        except OSError as error:
            raise ModelFileError(model, f"a file is missing ({error})") from error
        except ValueError as error:
            raise ModelFileError(model, f"its card cannot be read ({error!r})") from error
    return _networks[model]


def _folder() -> Traversable:
    return resources.files("mascot_visemes") / "models"
