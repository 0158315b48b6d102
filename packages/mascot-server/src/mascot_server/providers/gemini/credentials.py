"""The credentials that the simulated Gemini accepts. They are valid for simulators only."""

API_KEY = "AIza-simulated-gemini-key"
EPHEMERAL = "auth_tokens/simulated-gemini-token"
VERTEX_ACCESS_TOKEN = "ya29.simulated-vertex-access-token"  # noqa: S105 - it opens nothing
VERTEX_API_KEY = "AQ.simulated-vertex-express-key"
VERTEX_PROJECT = "simulated-project"
"""Where the access token may be used, in any location."""
