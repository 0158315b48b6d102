"""A proxy for voice agents that adds visemes to ElevenLabs, Gemini Live and OpenAI Realtime streams."""

from mascot_server.app import create_app
from mascot_server.errors import SettingsError
from mascot_server.settings import Settings, load_settings

__all__ = ["Settings", "SettingsError", "create_app", "load_settings"]
