"""Authentication and authorisation: API keys, tokens, origins, and the checks before a handshake or a request."""
