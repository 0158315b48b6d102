"""Load the installed models."""

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
"""Sets of shapes whose visemes are names."""


def available_models() -> tuple[str, ...]:
    """Return the names of the installed models, ``default`` first."""
    names = {file.name.removesuffix(".json") for file in _folder().iterdir() if file.name.endswith(".json")}
    return tuple(sorted(names, key=lambda name: (name != "default", name)))


@overload
def load(model: str = ..., *, shapes: Literal["sapi"] = ...) -> Engine[int]: ...
@overload
def load(model: str = ..., *, shapes: NamedShapes) -> Engine[str]: ...
@overload
def load(model: str = ..., *, shapes: str) -> Engine: ...
def load(model: str = "default", *, shapes: str = "sapi") -> Engine:
    """Return the engine of a model for one set of shapes.

    The engine is loaded on the first call; later calls return the same engine. The function is thread-safe.

    Args:
        model: The name of the model, one of ``available_models()``.
        shapes: The set of shapes. ``sapi``: ids 0..21 of Microsoft's SAPI. ``oculus``: the 15 names of Oculus/OpenXR.
            ``rhubarb``: A to H and X of Rhubarb Lip Sync. ``vrm``: aa, ih, ou, ee and oh of VRM, and sil.
            ``arkit``: the same events as ``oculus``, with coefficients of ARKit's blendshapes as weights.

    Raises:
        UnknownModelError: There is no such model.
        UnknownShapesError: There is no such set of shapes.
        ModelFileError: The files of the model are damaged.
    """
    chosen = shape_set(shapes)
    with _lock:
        if (model, shapes) not in _engines:
            _engines[model, shapes] = Engine(_network(model), chosen)
        return _engines[model, shapes]


def model_language(model: str) -> str:
    """Return the ISO 639-1 code of the language of a model; ``all`` for a model of all languages."""
    return str(json.loads((_folder() / f"{model}.json").read_text("utf-8")).get("language", "all"))


def load_network(model: str = "default") -> Network:
    """Return the network of a model, which its engines share; raise the same errors as ``load``."""
    with _lock:
        return _network(model)


def _network(model: str) -> Network:
    if model not in _networks:
        if model not in available_models():
            raise UnknownModelError(model, available_models())
        try:
            text = (_folder() / f"{model}.json").read_text("utf-8")
            card = json.loads(text)
            # A card with "weights" uses the ONNX file of another model, so the weights are loaded once for both.
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
