"""Who may do what: API keys, tokens, origins, and the checks before a handshake or a request."""
