"""Renders what the simulated providers say: ``python -m tools.voices``."""
