"""A simulated OpenAI, without its sockets: Realtime conversations and client secrets."""

from mascot_server.providers.openai.simulator.simulator import OpenAISimulator

__all__ = ["OpenAISimulator"]
