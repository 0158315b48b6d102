"""Measurements: what the packages achieve, as commands anyone can run again."""
