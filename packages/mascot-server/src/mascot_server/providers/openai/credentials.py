"""The credentials that the simulated OpenAI accepts. They open nothing but a simulator."""

API_KEY = "sk-simulated-openai-key"
EPHEMERAL = "ek_simulated_openai_secret"
