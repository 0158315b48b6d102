"""The Indonesian voice: espeak-ng, which tells where each word and each phone begins."""

from __future__ import annotations

from itertools import pairwise

from tools.synthesis import espeak
from tools.synthesis.phones import ESPEAK_INDONESIAN
from tools.synthesis.speech import Manner
from tools.voices.render import Spoken

SYNTHESISER = "espeak-ng"
VOICE = "id+f2"


def speak(sentence: str) -> Spoken:
    """Speak a sentence."""
    (speech,) = espeak.speak_indonesian([sentence], Manner(pace=0.9, variant=VOICE.partition("+")[2]))
    heard = [s for s in speech.segments if ESPEAK_INDONESIAN[s.phone] != ("SIL",)]
    times = []
    for first, after in pairwise((*speech.words, len(speech.samples) / speech.rate)):
        # A closure before a word belongs to it, so that phones are taken by their middles.
        word = [s for s in heard if first <= (s.start_s + s.end_s) / 2 < after]
        if word:  # a pause begins a word too
            times.append((word[0].start_s, word[-1].end_s))
    return Spoken(speech.samples, speech.rate, times)
