"""The credentials that the simulated ElevenLabs accepts. They are valid for simulators only."""

API_KEY = "sk_simulated_elevenlabs_key"
AGENT_ID = "agent_simulated"
"""A suffix such as ``_ulaw_8000`` names the format it speaks in; ``_queue``, ``_full`` and ``_newer`` name agents."""
BRANCH_ID = "agtbrch_simulated"
VERSION_ID = "agtvrsn_simulated"
ENVIRONMENTS = ("production", "staging")
VOICE_ID = "SimulatedVoice000001"
