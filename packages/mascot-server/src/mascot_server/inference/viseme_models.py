"""The viseme models of the API and their networks in mascot-visemes. Only this module maps one to the other."""

from __future__ import annotations

from typing import Final, Literal, TypeGuard, get_args

from mascot_server.inference.capacity import Networks

__all__ = [
    "DEFAULT_MODEL",
    "LANGUAGES",
    "VISEME_MODELS",
    "LiveModel",
    "VisemeModel",
    "is_viseme_model",
    "live_networks",
    "recording_network",
]

VisemeModel = Literal["default", "indonesian"]

LiveModel = Literal["auto", "default", "lite"]
"""Choice of the network for live conversations: see `live_networks`."""

VISEME_MODELS: Final[tuple[VisemeModel, ...]] = get_args(VisemeModel)

DEFAULT_MODEL: Final[VisemeModel] = "default"

LANGUAGES: Final[dict[VisemeModel, tuple[Literal["en", "id"], str]]] = {
    "default": ("en", "English"),
    "indonesian": ("id", "Indonesian"),
}
"""Language of each model, for the simulated agents and the playground: its code and its English name."""

_FAST: Final[dict[VisemeModel, str]] = {"default": "lite", "indonesian": "lite"}
"""Fast network of each viseme model that has one."""


def is_viseme_model(name: object) -> TypeGuard[VisemeModel]:
    """Return whether something is the name of a viseme model."""
    return name in VISEME_MODELS


def live_networks(choice: LiveModel) -> dict[VisemeModel, Networks]:
    """Return the networks that live conversations use, by viseme model.

    Args:
        choice: `auto` for the accurate network while there is capacity and otherwise the fast one; `default` or `lite`
            to always use the accurate or the fast network. A viseme model with only one network always uses that one.
    """
    networks: dict[VisemeModel, Networks] = {}
    for model in VISEME_MODELS:
        accurate = recording_network(model)
        fast = _FAST.get(model, accurate)
        pairs = {
            "auto": Networks(accurate, fast),
            "default": Networks(accurate, accurate),
            "lite": Networks(fast, fast),
        }
        networks[model] = pairs[choice]
    return networks


def recording_network(model: VisemeModel) -> str:
    """Return the network that recordings and spoken text use: the most accurate one of the model."""
    return model
