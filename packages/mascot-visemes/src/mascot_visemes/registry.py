"""The models that are installed, and the engines made from them."""

from __future__ import annotations

import threading
from importlib import resources

from mascot_visemes.engine import Engine
from mascot_visemes.errors import UnknownModelError
from mascot_visemes.network import Network
from mascot_visemes.shapes import shape_set

_lock = threading.Lock()
_networks: dict[str, Network] = {}
_engines: dict[tuple[str, str], Engine] = {}


def available_models() -> tuple[str, ...]:
    """Names that `load` takes, ``default`` first."""
    names = {file.name.removesuffix(".json") for file in _folder().iterdir() if file.name.endswith(".json")}
    return tuple(sorted(names, key=lambda name: (name != "default", name)))


def load(model: str = "default", *, shapes: str = "sapi") -> Engine:
    """The engine for a model and a viseme set. Loaded once; later calls return the same one. Thread-safe.

    Args:
        model: One of `available_models`.
        shapes: ``sapi``: ids 0..21 of Microsoft's SAPI; ``oculus``: the 15 names of Oculus/OpenXR.

    Raises:
        UnknownModelError: There is no such model.
        UnknownShapesError: There is no such viseme set.
        ModelFileError: The model's files are damaged.
    """
    chosen = shape_set(shapes)
    if model not in available_models():
        raise UnknownModelError(model, available_models())
    with _lock:
        key = (model, shapes)
        if key not in _engines:
            if model not in _networks:
                graph = (_folder() / f"{model}.onnx").read_bytes()
                _networks[model] = Network(model, graph, (_folder() / f"{model}.json").read_text("utf-8"))
            _engines[key] = Engine(_networks[model], chosen)
        return _engines[key]


def _folder() -> resources.abc.Traversable:
    return resources.files("mascot_visemes") / "models"
