"""Return the phones of a transcript in IPA, word by word: from espeak-ng, or from tables for Arabic and Mandarin.

espeak-ng joins short words ("in the"), so a word here is what it writes between two spaces. Phones that a speaker may
leave out are marked. An affricate with [s] or [z] is two phones, because the mouth shows one after the other.
"""

from __future__ import annotations

import re
import subprocess
from typing import NamedTuple

from tools.align.arabic import ARABIC
from tools.align.mandarin import mandarin

VOICES = {
    "de": "de",
    "en": "en-us",
    "es": "es-419",
    "fr": "fr-fr",
    "id": "id",
    "it": "it",
    "nl": "nl",
    "pt": "pt-br",
    "ru": "ru",
}
"""espeak-ng's voice for each language (ISO 639-1) that it pronounces here."""

_MARKS = re.compile(r"[ˈˌ\-^\"0-9.\u032a]")
_FLAG = re.compile(r"\([a-z-]+\)")

# What espeak-ng writes, as more usual IPA; several phones are separated by a space.
_EVERYWHERE = {
    "ts": "t s",
    "tsː": "t s",
    "dz": "d z",
    "dzː": "d z",
    "pf": "p f",
    "ss": "s",
    "ja": "j a",
    "ju": "j u",
    "eʊ": "e ʊ",
    "ɛʊ": "ɛ ʊ",
    "yʊ": "y ʊ",
    "œy": "œ y",
    "ʌʊ": "ʌ ʊ",
    "ɐ̃ʊ̃": "ɐ̃ ʊ̃",
    "əl": "ə l",
    "n̩": "ə n",
    "l̩": "ə l",
    "ɚ": "ɚ",
    "aɪɚ": "aɪ ɚ",
    "aɪə": "aɪ ə",
    "ɑːɹ": "ɑ ɹ",
    "oːɹ": "ɔ ɹ",
    "ɔːɹ": "ɔ ɹ",
    "ɔɹ": "ɔ ɹ",
    "ɛɹ": "ɛ ɹ",
    "ɪɹ": "ɪ ɹ",
    "ʊɹ": "ʊ ɹ",
    "iə": "i ə",
    "ᵻ": "ɪ",
}
_OF_LANGUAGE = {
    "de": {"??": "ʊ ɾ", "ɜ": "ɐ", "r": "ʁ", "ɾ": "ɐ̯"},
    "nl": {"ɵ": "ʏ", "u": "u", "tʲ": "tʲ"},
    "fr": {"r": "ʁ"},
    "pt": {"y": "i", "x": "h", "æ": "ɐ", "r": "ɾ"},
    "ru": {"y": "ɨ", "u": "u", "ʌ": "ɐ", "ɭ": "l", "ɭʲ": "lʲ", "ɵ": "ɵ"},
}
_OPTIONAL = {"fr": {"ə"}, "ar": {"ʔ"}, "de": {"ʔ"}}


class Phone(NamedTuple):
    """A phone of a transcript.

    Attributes:
        ipa: Its symbol, without stress and length.
        optional: Whether a speaker may leave it out.
    """

    ipa: str
    optional: bool = False


def words(text: str, language: str) -> list[list[Phone]]:
    """Return the phones of each word of a transcript.

    Args:
        text: The transcript, as it was read.
        language: ISO 639-1 code: one of `VOICES`, ar or zh.
    """
    if language == "zh":
        return [[Phone(ipa) for ipa in mandarin(text)]]
    if language == "ar":
        return [[Phone(ipa, ipa in _OPTIONAL["ar"]) for ipa in ARABIC[text].split()]]
    return [tidy(word.split("_"), language) for word in _espeak(text, language)]


def tidy(symbols: list[str], language: str) -> list[Phone]:
    """Return the phones that espeak-ng's symbols of a word stand for."""
    own, optional = _OF_LANGUAGE.get(language, {}), _OPTIONAL.get(language, set())
    phones: list[Phone] = []
    for symbol in symbols:
        bare = _MARKS.sub("", symbol)
        for part in own.get(bare, _EVERYWHERE.get(bare, bare)).split():
            ipa = own.get(part.removesuffix("ː"), part.removesuffix("ː"))
            if not phones or phones[-1].ipa != ipa or ipa in _VOWELS:
                phones.append(Phone(ipa, ipa in optional))
    return phones


_VOWELS = frozenset("aeiouyæɐɑɒɔəɛɜɨɪʉʊʌʏøœɚɵ")


def _espeak(text: str, language: str) -> list[str]:
    command = ["espeak-ng", "-q", "-v", VOICES[language], "--ipa", "--sep=_"]
    done = subprocess.run(command, input=_readable(text), capture_output=True, text=True, check=True)  # noqa: S603
    return [word for word in _FLAG.sub("", done.stdout).split() if _MARKS.sub("", word).strip("_")]


def _readable(text: str) -> str:
    """Remove text that espeak-ng would pronounce and a speaker does not."""
    return re.sub(r"[«»“”„\"()]|\.\.\.|…", " ", text)
