"""Limits of API keys, and the counters that processes share."""
