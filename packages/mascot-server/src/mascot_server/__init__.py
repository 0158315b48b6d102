"""A proxy for voice agents that adds visemes to ElevenLabs, Gemini Live and OpenAI Realtime streams."""

from typing import TYPE_CHECKING

from mascot_server.app import create_app
from mascot_server.errors import SettingsError
from mascot_server.settings import Settings, load_settings

__all__ = ["Settings", "SettingsError", "create_app", "load_settings"]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Look up the version when it is asked for: an import of the package should not have to."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - few ask for it

            return version("mascot-server")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
