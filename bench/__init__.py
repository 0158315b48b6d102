"""Measurements of the packages, as commands that anyone can run again."""
