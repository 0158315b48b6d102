"""Map each phone to the nearest English sounds in articulation, to initialise the models of a language.

Phones are in IPA, English ones in ARPAbet. A phone between several sounds starts as a mixture of their models. Marks of
length, aspiration, palatalisation and nasality do not count unless a row has them.
"""

from __future__ import annotations

import unicodedata

_NEAREST = {
    name: english.split()
    for english, names in {
        "P": "p",
        "B": "b",
        "T": "t ʈ tˤ",
        "D": "d ɖ dˤ",
        "K": "k q",
        "G": "ɡ",
        "T K": "ʔ",
        "CH": "tʃ tɕ tʂ",
        "JH": "dʒ dʑ",
        "F": "f",
        "V": "v",
        "V B": "β",
        "V W": "ʋ",
        "TH": "θ",
        "DH": "ð",
        "S": "s sˤ",
        "Z": "z",
        "SH": "ʃ ʂ",
        "SH S": "ɕ",
        "ZH": "ʒ",
        "ZH Z": "ʑ",
        "ZH R": "ʐ",
        "SH HH": "ç",
        "HH": "h ħ",
        "HH K": "x χ",
        "HH G": "ɣ ʁ",
        "Y ZH": "ʝ",
        "M": "m",
        "N": "n",
        "NG": "ŋ",
        "N Y": "ɲ",
        "L": "l ɭ",
        "L Y": "ʎ",
        "R": "ɹ",
        "R D": "r ɾ",
        "W": "w",
        "Y": "j",
        "Y W": "ɥ",
        "AA HH": "ʕ",
        "IY": "i",
        "IH": "ɪ",
        "IY UW": "y",
        "IH UH": "ʏ ɨ",
        "EY": "e eɪ",
        "EH": "ɛ ɛɪ",
        "EH UH": "ø œ ɵ",
        "AE": "æ",
        "AE AA": "a",
        "AA": "ɑ ɒ",
        "AH": "ʌ ɐ",
        "AX": "ə",
        "AX AH": "ɤ",
        "ER": "ɚ ɜ",
        "AO": "ɔ",
        "OW": "o oʊ",
        "UH": "ʊ",
        "UW": "u",
        "UW IH": "ʉ ɯ",
        "AY": "aɪ",
        "AW": "aʊ",
        "OY": "ɔɪ oɪ ɔø",
        "SIL": "SIL",
    }.items()
    for name in names.split()
}


def nearest(ipa: str) -> list[str]:
    """Return the ARPAbet names of the English sounds nearest to a phone.

    Raises:
        KeyError: The phone is not in the table.
    """
    if ipa in _NEAREST:
        return _NEAREST[ipa]
    bare = "".join(c for c in unicodedata.normalize("NFD", ipa) if c not in "ːʲʰʷ\u0303\u032f\u0329")
    return _NEAREST[unicodedata.normalize("NFC", bare)]
