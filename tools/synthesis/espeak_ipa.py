"""What espeak-ng calls IPA, as labels.

Its events give a phone in IPA where its data have that, else in its own mnemonics, some of whose signs stay; and a few
of its signs say something else than is heard.
"""

from __future__ import annotations

import re

from mascot_visemes.inventory import labels_of

# Signs of mnemonics that only tell variants apart.
_LEFT_OVER = re.compile(r"[`?^#+\"_/%*;:\\\x01]")
_IN_ALL = (("A", "ɑ"), ("ε", "ɛ"), ("nɡ", "ŋ"), ("ng", "ŋ"), ("sx", "ɧ"), ("s.", "ʂ"), ("r.", "ɽ"))
_ASPIRATED = re.compile(r"(?<=[ptkcsʂɕ])_?h$")
# By the code before the first hyphen: an event and what is heard.
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
    """Labels of an event; ``SIL`` of a pause, none of a mark.

    Args:
        voice: Such as ``pt-br``, perhaps with a variant.
        event: As the library gives it when asked for IPA, which is empty for a pause.

    Raises:
        UnknownSound: No table has a sign of it.
    """
    if not event:
        return ("SIL",)
    language = re.split(r"[-+]", voice)[0]
    event = _HEARD.get(language, {}).get(event, event)
    for sign, ipa in _IN_ALL:
        event = event.replace(sign, ipa)
    event = _ASPIRATED.sub("ʰ", event)
    return labels_of(_LEFT_OVER.sub("", event))
