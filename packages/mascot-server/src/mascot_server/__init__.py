"""A proxy for voice agents that adds visemes to ElevenLabs, Gemini Live and OpenAI Realtime streams."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mascot_server.app import create_app
    from mascot_server.errors import SettingsError
    from mascot_server.settings import Settings, load_settings

    __version__: str

__all__ = ["Settings", "SettingsError", "create_app", "load_settings"]

_MODULES = {
    "Settings": "settings",
    "SettingsError": "errors",
    "create_app": "app",
    "load_settings": "settings",
}

if not TYPE_CHECKING:  # a type checker would let every name pass

    def __getattr__(name: str) -> Any:
        """Import a public name with its first use: the command can then say which package does not load."""
        if name == "__version__":
            return import_module("importlib.metadata").version("mascot-server")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
