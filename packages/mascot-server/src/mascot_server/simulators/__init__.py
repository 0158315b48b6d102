"""Simulated ElevenLabs, OpenAI, Gemini and Cartesia on one port, for tests and for the demo.

::

    async with Simulators(port=9100) as simulators:
        print(simulators.origin)   # http://127.0.0.1:9100
"""

from mascot_server.providers.elevenlabs.credentials import AGENT_ID as ELEVENLABS_AGENT_ID
from mascot_server.providers.elevenlabs.credentials import API_KEY as ELEVENLABS_API_KEY
from mascot_server.providers.elevenlabs.credentials import BRANCH_ID as ELEVENLABS_BRANCH_ID
from mascot_server.providers.elevenlabs.credentials import VERSION_ID as ELEVENLABS_VERSION_ID
from mascot_server.providers.elevenlabs.credentials import VOICE_ID as ELEVENLABS_VOICE_ID
from mascot_server.providers.gemini.credentials import API_KEY as GEMINI_API_KEY
from mascot_server.providers.gemini.credentials import EPHEMERAL as GEMINI_EPHEMERAL
from mascot_server.providers.gemini.credentials import VERTEX_ACCESS_TOKEN, VERTEX_API_KEY, VERTEX_PROJECT
from mascot_server.providers.openai.credentials import API_KEY as OPENAI_API_KEY
from mascot_server.providers.openai.credentials import EPHEMERAL as OPENAI_EPHEMERAL
from mascot_server.simulators.credentials import CARTESIA_API_KEY, CARTESIA_VOICE_ID
from mascot_server.simulators.server import AudioSent, Simulators

CREDENTIALS = {
    "ElevenLabs": {"api_key": ELEVENLABS_API_KEY, "agent_id": ELEVENLABS_AGENT_ID},
    "OpenAI": {"api_key": OPENAI_API_KEY, "ephemeral_token": OPENAI_EPHEMERAL},
    "Gemini": {"api_key": GEMINI_API_KEY, "ephemeral_token": GEMINI_EPHEMERAL},
    "Vertex AI": {
        "access_token": VERTEX_ACCESS_TOKEN, "project": VERTEX_PROJECT, "api_key": VERTEX_API_KEY,
    },
    "Cartesia": {"api_key": CARTESIA_API_KEY, "voice": CARTESIA_VOICE_ID},
}  # fmt: skip
"""Credentials that the simulated providers accept, by provider and field."""

__all__ = [
    "CARTESIA_API_KEY",
    "CARTESIA_VOICE_ID",
    "CREDENTIALS",
    "ELEVENLABS_AGENT_ID",
    "ELEVENLABS_API_KEY",
    "ELEVENLABS_BRANCH_ID",
    "ELEVENLABS_VERSION_ID",
    "ELEVENLABS_VOICE_ID",
    "GEMINI_API_KEY",
    "GEMINI_EPHEMERAL",
    "OPENAI_API_KEY",
    "OPENAI_EPHEMERAL",
    "VERTEX_ACCESS_TOKEN",
    "VERTEX_API_KEY",
    "VERTEX_PROJECT",
    "AudioSent",
    "Simulators",
]
