"""Building blocks of simulated providers, without I/O: conversations, voices, requests and responses."""
