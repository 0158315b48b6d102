"""The viseme models of the API, and which network of mascot-visemes each one is. The only place that knows."""

from __future__ import annotations

from typing import Final, Literal, TypeGuard, get_args

__all__ = [
    "DEFAULT_MODEL",
    "LANGUAGES",
    "VISEME_MODELS",
    "VisemeModel",
    "is_viseme_model",
    "live_networks",
    "recording_network",
]

VisemeModel = Literal["default", "indonesian"]

VISEME_MODELS: Final[tuple[VisemeModel, ...]] = get_args(VisemeModel)

DEFAULT_MODEL: Final[VisemeModel] = "default"

LANGUAGES: Final[dict[VisemeModel, tuple[Literal["en", "id"], str]]] = {
    "default": ("en", "English"),
    "indonesian": ("id", "Indonesian"),
}
"""Language of each model: its code and its name in English."""


def is_viseme_model(name: object) -> TypeGuard[VisemeModel]:
    """Return whether something is the name of a viseme model."""
    return name in VISEME_MODELS


def live_networks(default: str) -> dict[VisemeModel, str]:
    """Return the network that live conversations use, by viseme model.

    Args:
        default: Network for the default model: fast, or as accurate as for recordings.
    """
    return {model: recording_network(model) for model in VISEME_MODELS} | {DEFAULT_MODEL: default}


def recording_network(model: VisemeModel) -> str:
    """Return the network that recordings and spoken text use: the most accurate one of the model."""
    return model
