"""A simulated Gemini, without its sockets: Live sessions and auth tokens."""

from mascot_server.providers.gemini.simulator.simulator import GeminiSimulator

__all__ = ["GeminiSimulator"]
