"""The credentials that the simulated ElevenLabs accepts. They open nothing but a simulator."""

API_KEY = "sk_simulated_elevenlabs_key"
AGENT_ID = "agent_simulated"
"""A suffix such as ``_ulaw_8000`` names the format it speaks in."""
VOICE_ID = "SimulatedVoice000001"
