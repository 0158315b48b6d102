"""ElevenLabs Conversational AI."""

from mascot_server.providers.elevenlabs.provider import ElevenLabs

PROVIDER = ElevenLabs()
