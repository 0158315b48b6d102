"""Prefixes and suffixes of Indonesian verbs and nouns, with the changes of sound that they bring.

me- and pe- take a nasal after the sound that follows, and p, t, k and s give way to it: baca, membaca; pukul, memukul;
tulis, menulis; sapu, menyapu; kirim, mengirim. Roots that begin with two consonants, which are loans, keep them
(memproses, mentransfer), and roots of one syllable take menge- (mengecek).
"""

from __future__ import annotations

import re

_VOWELS = "aeiou"
_SYLLABLE = re.compile(r"ai|au|oi|[aeiou]")
_KEPT = ("perbaik", "perhati")  # per- is a prefix here, whose p stays
_CLUSTER = re.compile(r"(?!ng|ny|sy|kh)[^aeiou]{2}")
_NASAL = {
    **dict.fromkeys("pbfv", "m"),
    **dict.fromkeys("tdcjz", "n"),
    **dict.fromkeys("kgh" + _VOWELS, "ng"),
    "s": "ny",
}


def _nasal(prefix: str, root: str) -> str:
    if len(_SYLLABLE.findall(root)) == 1:
        return f"{prefix}nge{root}"
    first = root[0]
    if _CLUSTER.match(root) or root.startswith(("sy", "kh")):
        nasal = "n" if first == "s" else _NASAL.get(first, "")
        return prefix + nasal + root
    gives_way = first in "ptks" and root not in _KEPT
    return prefix + _NASAL.get(first, "") + (root[1:] if gives_way else root)


def active(root: str, suffix: str = "") -> str:
    """The active verb: me- with its nasal, then -kan, -i or nothing."""
    return _nasal("me", root) + suffix


def passive(root: str, suffix: str = "") -> str:
    """The passive verb: di-."""
    return f"di{root}{suffix}"


def chanced(root: str, suffix: str = "") -> str:
    """The verb of chance or result: ter-, without its r before another."""
    return ("te" if root.startswith("r") else "ter") + root + suffix


def doing(root: str, suffix: str = "") -> str:
    """The verb of having or doing: ber-, without its r before another and before a first syllable in -er."""
    if root == "ajar":
        return "belajar" + suffix
    short = root.startswith("r") or re.match(r"[^aeiou]*er[^aeiou]", root)
    return ("be" if short else "ber") + root + suffix


def act(root: str) -> str:
    """The noun of an act: pe- with its nasal, and -an."""
    return _nasal("pe", root) + "an"


def doer(root: str) -> str:
    """Who does it: pe- with its nasal."""
    return _nasal("pe", root)


def state(root: str) -> str:
    """The noun of a state: ke- and -an."""
    return f"ke{root}an"
