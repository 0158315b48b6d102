"""Hold one conversation with each simulated provider through the server, without keys or network access."""
