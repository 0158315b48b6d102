"""The credentials that the simulators accept. They open nothing but a simulator."""

from __future__ import annotations

from dataclasses import dataclass, field

ELEVENLABS_API_KEY = "sk_simulated_elevenlabs_key"
ELEVENLABS_AGENT_ID = "agent_simulated"
ELEVENLABS_VOICE_ID = "SimulatedVoice000001"
CARTESIA_API_KEY = "sk_car_simulated_cartesia_key"
CARTESIA_VOICE_ID = "51a11a7e-d000-4000-8000-000000000001"
OPENAI_API_KEY = "sk-simulated-openai-key"
OPENAI_EPHEMERAL = "ek_simulated_openai_secret"
GEMINI_API_KEY = "AIza-simulated-gemini-key"
GEMINI_EPHEMERAL = "auth_tokens/simulated-gemini-token"


@dataclass(frozen=True, slots=True)
class Credentials:
    """One value per way in.

    Attributes:
        elevenlabs_api_key: asked of get-signed-url and of text to speech, and signs what the former answers.
        elevenlabs_agent_id: the agent; a suffix such as ``_ulaw_8000`` names the format it speaks in.
        elevenlabs_voice_id: the voice that text to speech knows.
        cartesia_api_key: for text to speech.
        cartesia_voice_id: the voice that it knows.
        openai_api_key: a standing key.
        openai_ephemeral: a client secret.
        gemini_api_key: a standing key, for ``BidiGenerateContent``.
        gemini_ephemeral: a token, for ``BidiGenerateContentConstrained``.
    """

    elevenlabs_api_key: str = field(default=ELEVENLABS_API_KEY, repr=False)
    elevenlabs_agent_id: str = ELEVENLABS_AGENT_ID
    elevenlabs_voice_id: str = ELEVENLABS_VOICE_ID
    cartesia_api_key: str = field(default=CARTESIA_API_KEY, repr=False)
    cartesia_voice_id: str = CARTESIA_VOICE_ID
    openai_api_key: str = field(default=OPENAI_API_KEY, repr=False)
    openai_ephemeral: str = field(default=OPENAI_EPHEMERAL, repr=False)
    gemini_api_key: str = field(default=GEMINI_API_KEY, repr=False)
    gemini_ephemeral: str = field(default=GEMINI_EPHEMERAL, repr=False)
