"""The credentials that the simulated Gemini accepts. They open nothing but a simulator."""

API_KEY = "AIza-simulated-gemini-key"
EPHEMERAL = "auth_tokens/simulated-gemini-token"
