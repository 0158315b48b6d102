"""Gemini Live."""

from mascot_server.providers.gemini.provider import Gemini

PROVIDER = Gemini()
