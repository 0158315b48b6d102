"""Forced alignment of speech with a transcript by monophone models: the reference labels of `bench` come from it.

None of the networks of this repository has a part in it, so that no network is scored against itself.
"""
