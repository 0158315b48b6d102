"""Sentences of Indonesian: ``draw(seed, count)`` by a grammar, and `SENTENCES` kept for the dev set."""

from tools.synthesis.indonesian.held_out import SENTENCES
from tools.synthesis.indonesian.sentences import draw

__all__ = ["SENTENCES", "draw"]
