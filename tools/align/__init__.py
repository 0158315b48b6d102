"""Align speech with a transcript by monophone models, to make the reference labels of `bench`.

It uses no network of this repository, so that no network is scored against itself.
"""
