"""Convert Mandarin words to IPA through pinyin, because Debian's espeak-ng cannot read Chinese characters."""

from __future__ import annotations

_INITIALS = {
    "b": "p",
    "p": "pʰ",
    "m": "m",
    "f": "f",
    "d": "t",
    "t": "tʰ",
    "n": "n",
    "l": "l",
    "g": "k",
    "k": "kʰ",
    "h": "x",
    "j": "tɕ",
    "q": "tɕʰ",
    "x": "ɕ",
    "zh": "tʂ",
    "ch": "tʂʰ",
    "sh": "ʂ",
    "r": "ʐ",
    "z": "t s",
    "c": "tʰ s",
    "s": "s",
    "": "",
}
_FINALS = {
    "a": "a",
    "o": "w o",
    "e": "ɤ",
    "ê": "ɛ",
    "er": "ɚ",
    "ai": "aɪ",
    "ei": "eɪ",
    "ao": "aʊ",
    "ou": "oʊ",
    "an": "a n",
    "en": "ə n",
    "ang": "ɑ ŋ",
    "eng": "ə ŋ",
    "ong": "ʊ ŋ",
    "i": "i",
    "ia": "j a",
    "ie": "j ɛ",
    "iao": "j aʊ",
    "iou": "j oʊ",
    "ian": "j ɛ n",
    "in": "i n",
    "iang": "j ɑ ŋ",
    "ing": "i ŋ",
    "iong": "j ʊ ŋ",
    "io": "j o",
    "u": "u",
    "ua": "w a",
    "uo": "w o",
    "uai": "w aɪ",
    "uei": "w eɪ",
    "uan": "w a n",
    "uen": "w ə n",
    "uang": "w ɑ ŋ",
    "ueng": "w ə ŋ",
    "v": "y",
    "ve": "ɥ ɛ",
    "van": "ɥ ɛ n",
    "vn": "y n",
}
_AFTER_SIBILANT = {"zh", "ch", "sh", "r", "z", "c", "s"}


def mandarin(text: str) -> list[str]:
    """Return the phones of a word, without tones.

    Args:
        text: Chinese characters.

    Raises:
        KeyError: A character has no pinyin.
    """
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - needed for this language alone

    text = text.replace("_", "")  # a gap of an idiom, which has no sound
    initials = lazy_pinyin(text, style=Style.INITIALS, strict=True)
    finals = lazy_pinyin(text, style=Style.FINALS, strict=True)
    return [ipa for initial, final in zip(initials, finals, strict=True) for ipa in _syllable(initial, final)]


def _syllable(initial: str, final: str) -> list[str]:
    vowel = "ɨ" if final == "i" and initial in _AFTER_SIBILANT else _FINALS[final.replace("ü", "v")]
    return f"{_INITIALS[initial]} {vowel}".split()
