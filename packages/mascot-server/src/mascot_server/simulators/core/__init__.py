"""What simulated providers are made of, without I/O: conversations, voices, requests and answers."""
