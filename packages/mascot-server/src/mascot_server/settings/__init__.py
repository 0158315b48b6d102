"""Settings from the environment and `.env`, all named `MASCOT_…`."""

from mascot_server.settings.loading import load, load_settings
from mascot_server.settings.model import EXAMPLE_SECRET, MIN_SECRET_BYTES, Settings

__all__ = ["EXAMPLE_SECRET", "MIN_SECRET_BYTES", "Settings", "load", "load_settings"]
