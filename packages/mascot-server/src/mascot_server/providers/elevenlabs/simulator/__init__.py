"""A simulated ElevenLabs, without its sockets: signed URLs, conversations and text to speech."""

from mascot_server.providers.elevenlabs.simulator.simulator import ElevenLabsSimulator

__all__ = ["ElevenLabsSimulator"]
