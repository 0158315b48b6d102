"""Stand-ins for ElevenLabs, OpenAI Realtime and Gemini Live on one port, for tests and for the demo.

::

    async with Simulators(port=9100) as simulators:
        print(simulators.origin)   # http://127.0.0.1:9100
"""

from mascot_server.simulators.credentials import (
    ELEVENLABS_AGENT_ID,
    ELEVENLABS_API_KEY,
    GEMINI_API_KEY,
    GEMINI_EPHEMERAL,
    OPENAI_API_KEY,
    OPENAI_EPHEMERAL,
    Credentials,
)
from mascot_server.simulators.server import AudioSent, Simulators

__all__ = [
    "ELEVENLABS_AGENT_ID",
    "ELEVENLABS_API_KEY",
    "GEMINI_API_KEY",
    "GEMINI_EPHEMERAL",
    "OPENAI_API_KEY",
    "OPENAI_EPHEMERAL",
    "AudioSent",
    "Credentials",
    "Simulators",
]
