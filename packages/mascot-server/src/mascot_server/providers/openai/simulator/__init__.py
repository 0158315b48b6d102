"""A simulated OpenAI, without its sockets: Realtime conversations and client secrets."""
