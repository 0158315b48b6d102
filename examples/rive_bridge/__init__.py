"""Visemes as the number inputs of a Rive state machine: see README.md."""
