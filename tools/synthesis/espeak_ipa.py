"""Convert espeak-ng's form of IPA to labels.

Its events give a phone in IPA if its data have that, otherwise in its own mnemonics, in part. A few of its signs do not
match the sound.
"""

from __future__ import annotations

import re

from mascot_visemes.inventory import labels_of

# Signs of mnemonics that only distinguish variants.
_LEFT_OVER = re.compile(r"[`?^#+\"_/%*;:\\\x01]")
_IN_ALL = (("A", "ɑ"), ("ε", "ɛ"), ("nɡ", "ŋ"), ("ng", "ŋ"), ("sx", "ɧ"), ("s.", "ʂ"), ("r.", "ɽ"))
_ASPIRATED = re.compile(r"(?<=[ptkcsʂɕ])_?h$")
# By the code before the first hyphen: an event and its actual sound.
_HEARD = {
    "be": {"y": "ɨ"},
    "bg": {"\x01": "dz"},
    "cmn": {"i.": "ɨ", "i̪": "ɨ", "ər": "ɚ"},
    "da": {"ɜ": "ɐ"},
    # Written as a trill or a tap, said in the throat, and as a vowel where a syllable ends.
    "de": {"ɜ": "ɐ", "r": "ʁ", "ɾ": "ɐ"},
    "fr": {"r": "ʁ"},
    "pt": {"y": "j"},
    "ru": {"y": "ɨ"},
    "vi": {"kh": "x", "ɯ": "ɨ"},
}


def phones_of(voice: str, event: str) -> tuple[str, ...]:
    """Return the labels of an event: ``SIL`` for a pause, none for a mark.

    Args:
        voice: Name such as ``pt-br``, with an optional variant.
        event: Event of the library in its IPA mode; empty for a pause.

    Raises:
        UnknownSound: A sign is in no table.
    """
    if not event:
        return ("SIL",)
    language = re.split(r"[-+]", voice)[0]
    event = _HEARD.get(language, {}).get(event, event)
    for sign, ipa in _IN_ALL:
        event = event.replace(sign, ipa)
    event = _ASPIRATED.sub("ʰ", event)
    return labels_of(_LEFT_OVER.sub("", event))
