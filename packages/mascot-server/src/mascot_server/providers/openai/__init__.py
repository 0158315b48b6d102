"""OpenAI Realtime."""

from mascot_server.providers.openai.provider import OpenAI

PROVIDER = OpenAI()
