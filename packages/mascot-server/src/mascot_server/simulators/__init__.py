"""Stand-ins for ElevenLabs, OpenAI Realtime, Gemini Live and Cartesia on one port, for tests and for the demo.

::

    async with Simulators(port=9100) as simulators:
        print(simulators.origin)   # http://127.0.0.1:9100
"""

from mascot_server.simulators.credentials import (
    CARTESIA_API_KEY,
    CARTESIA_VOICE_ID,
    ELEVENLABS_AGENT_ID,
    ELEVENLABS_API_KEY,
    ELEVENLABS_VOICE_ID,
    GEMINI_API_KEY,
    GEMINI_EPHEMERAL,
    OPENAI_API_KEY,
    OPENAI_EPHEMERAL,
    Credentials,
)
from mascot_server.simulators.server import AudioSent, Simulators

__all__ = [
    "CARTESIA_API_KEY",
    "CARTESIA_VOICE_ID",
    "ELEVENLABS_AGENT_ID",
    "ELEVENLABS_API_KEY",
    "ELEVENLABS_VOICE_ID",
    "GEMINI_API_KEY",
    "GEMINI_EPHEMERAL",
    "OPENAI_API_KEY",
    "OPENAI_EPHEMERAL",
    "AudioSent",
    "Credentials",
    "Simulators",
]
