"""The labels of a network of English, in the order of its outputs, and the phonemes of Indonesian.

The labels are ARPAbet without stress, with AX for the schwa and SIL for silence. Indonesian has three labels that
English does not have. A sound that occurs in two languages has one label. ``inventory`` contains the labels of all
languages, and ``tables`` the shape of each label in each set of shapes.

HH has the mouth shape of the next sound. A network therefore has one HH for each Oculus shape that can follow:
``HH_aa`` is the h of "hat", and ``HH_sil`` is the h before a pause, at the end of Indonesian words.
"""

from __future__ import annotations

from typing import NamedTuple

ENGLISH: tuple[str, ...] = (
    *("SIL", "AA", "AE", "AH", "AO", "AW", "AX", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G"),
    *("HH_E", "HH_RR", "HH_aa", "HH_ih", "HH_oh", "HH_ou", "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW"),
    *("OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH"),
)


class Phoneme(NamedTuple):
    """A phoneme of Indonesian.

    Attributes:
        ipa: The symbol in the International Phonetic Alphabet.
        spelling: The spelling in Indonesian.
        label: The label in corpora. For h, the network has one label for each shape that can follow.
        example: A word that contains the phoneme.
    """

    ipa: str
    spelling: str
    label: str
    example: str


INDONESIAN_PHONEMES: tuple[Phoneme, ...] = (
    Phoneme("a", "a", "AA", "apa"),
    Phoneme("i", "i", "IY", "ini"),
    Phoneme("u", "u", "UW", "satu"),
    Phoneme("e", "e", "EH", "enak"),
    Phoneme("ə", "e", "AX", "beras"),
    Phoneme("o", "o", "AO", "toko"),
    Phoneme("ai", "ai", "AY", "pantai"),
    Phoneme("au", "au", "AW", "pulau"),
    Phoneme("oi", "oi", "OY", "amboi"),
    Phoneme("p", "p", "P", "pagi, atap"),
    Phoneme("b", "b", "B", "baru, sebab"),
    Phoneme("t", "t", "T", "tiga, empat"),
    Phoneme("d", "d", "D", "dua, abad"),
    Phoneme("k", "k", "K", "kita"),
    Phoneme("g", "g", "G", "gula"),
    Phoneme("ʔ", "k", "Q", "bapak"),
    Phoneme("tʃ", "c", "CH", "cari"),
    Phoneme("dʒ", "j", "JH", "juga"),
    Phoneme("m", "m", "M", "makan"),
    Phoneme("n", "n", "N", "nama"),
    Phoneme("ŋ", "ng", "NG", "dengan"),
    Phoneme("ɲ", "ny", "NY", "banyak"),
    Phoneme("f", "f, v", "F", "film, visa"),
    Phoneme("s", "s", "S", "saya"),
    Phoneme("z", "z", "Z", "zaman"),
    Phoneme("ʃ", "sy", "SH", "syarat"),
    Phoneme("ʒ", "j", "ZH", "beige"),
    Phoneme("x", "kh", "X", "khusus"),
    Phoneme("h", "h", "HH", "hari, rumah"),
    Phoneme("l", "l", "L", "lima"),
    Phoneme("r", "r", "R", "rumah"),
    Phoneme("j", "y", "Y", "yang"),
    Phoneme("w", "w", "W", "waktu"),
)
"""The phonemes of standard Indonesian: the labels of its dev set, without SIL."""
