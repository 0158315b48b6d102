"""The credentials that the simulated OpenAI accepts. They are valid for simulators only."""

API_KEY = "sk-simulated-openai-key"
EPHEMERAL = "ek_simulated_openai_secret"
