"""Settings from the environment and `.env`, all named `MASCOT_…`."""

from mascot_server.settings.loading import load, load_settings
from mascot_server.settings.model import ENV_FILE_ENCODING, EXAMPLE_SECRET, MIN_SECRET_BYTES, Settings
from mascot_server.settings.unknown_names import unknown_names

__all__ = [
    "ENV_FILE_ENCODING",
    "EXAMPLE_SECRET",
    "MIN_SECRET_BYTES",
    "Settings",
    "load",
    "load_settings",
    "unknown_names",
]
