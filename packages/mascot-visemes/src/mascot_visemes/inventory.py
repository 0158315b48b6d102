"""The sounds of all languages: which label each sign of the International Phonetic Alphabet has.

Labels are the English ones of ``phonemes``, so that weights that know English keep their meaning, and ``MORE`` for what
English lacks. Sounds that neither look nor sound different share a label: how long a sound is held, its tone, what
the glottis does (breath, voice, ejection) and where exactly the tongue touches are no business of the face.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from mascot_visemes.phonemes import ENGLISH


class Sound(NamedTuple):
    """A label and the sounds that have it.

    Attributes:
        label: The label.
        ipa: Signs that are written with it, without marks.
        example: Where it is heard.
    """

    label: str
    ipa: str
    example: str


VOWELS: tuple[Sound, ...] = (
    Sound("AA", "a ɑ", "English father, Spanish casa"),
    Sound("AE", "æ", "English cat, Finnish pää"),
    Sound("AH", "ʌ ɐ", "English cut, German Vater"),
    Sound("AO", "ɔ o ɒ", "English thought, Spanish todo, Hungarian a"),
    Sound("AX", "ə ɜ", "English about"),
    Sound("EH", "ɛ e", "English bed, Spanish mesa"),
    Sound("ER", "ɚ ɝ", "American bird"),
    Sound("EX", "ɤ ɘ", "Mandarin hē, Estonian õ"),
    Sound("IH", "ɪ", "English bit"),
    Sound("IX", "ɨ ɯ ɿ ʅ", "Russian ы, Turkish ı, Mandarin shì"),
    Sound("IY", "i", "English beat"),
    Sound("UH", "ʊ", "English book"),
    Sound("UW", "u ɯᵝ", "English boot, Japanese u"),
    Sound("UE", "y ʏ ʉ ɥ", "German über, French tu, huit, Swedish hus"),
    Sound("EU", "ø ɵ", "German schön, French peu"),
    Sound("OE", "œ ɶ ɞ", "German zwölf, French peur"),
    Sound("AY", "aɪ ai ɑɪ ɐɪ aj", "English time"),
    Sound("AW", "aʊ au ɑʊ ɐʊ aw", "English now"),
    Sound("EY", "eɪ ei ɛɪ ɛi", "English day"),
    Sound("OW", "oʊ ou əʊ ɔʊ", "English go"),
    Sound("OY", "ɔɪ oɪ oi ɔi ɔø ɔʏ ɔy", "English boy, German neu"),
)
"""Vowels, the diphthongs that have a label of their own last; others count as one vowel after the other."""

NASAL: tuple[Sound, ...] = (
    Sound("AAN", "a ɑ æ ɐ ʌ", "French blanc, Portuguese maçã"),
    Sound("AON", "ɔ o ɒ", "French bon, Portuguese põe"),
    Sound("EHN", "ɛ e ə ɜ œ ø", "French vin, un, Portuguese vento"),
    Sound("IYN", "i ɪ ɨ", "Portuguese sim"),
    Sound("UWN", "u ʊ", "Portuguese um"),
)
"""Vowels that are nasal, by the vowel that bears the tilde."""

CONSONANTS: tuple[Sound, ...] = (
    Sound("P", "p ʘ k͡p", "English pin, Hindi pʰ; Yoruba kp"),
    Sound("B", "b ɓ ɡ͡b", "English bin, Sindhi ɓ, Yoruba gb"),
    Sound("M", "m ᵐ", "English man, Sinhala ᵐb"),
    Sound("BH", "β ʙ", "Spanish deber"),
    Sound("PH", "ɸ", "Japanese fu"),
    Sound("F", "f", "English fan"),
    Sound("V", "v ⱱ", "English van"),
    Sound("VH", "ʋ", "Dutch wat, Hindi v"),
    Sound("MV", "ɱ", "Italian invito"),
    Sound("TH", "θ", "English thin"),
    Sound("DH", "ð", "English then, Spanish nada"),
    Sound("T", "t ʈ ǀ ǃ ǂ", "English tin, Hindi ʈ; clicks"),
    Sound("D", "d ɖ ɗ", "English din, Hindi ɖ"),
    Sound("N", "n ɳ ⁿ", "English no, Swahili ⁿd"),
    Sound("K", "k q", "English kin, Arabic qalb"),
    Sound("G", "ɡ g ɢ ʛ ɠ", "English go, Sindhi ɠ"),
    Sound("KY", "c", "Turkish kâğıt, Hungarian ty"),
    Sound("GY", "ɟ ʄ", "Turkish gün, Hungarian gy"),
    Sound("GH", "ɣ ɰ", "Spanish lago, Greek γάλα"),
    Sound("X", "x χ", "German Bach, Spanish jota"),
    Sound("CX", "ç", "German ich"),
    Sound("Q", "ʔ ʕ ʡ", "the stop of English uh-oh, Arabic ʿayn"),
    Sound("NG", "ŋ ɴ ᵑ", "English sing, Japanese san"),
    Sound("NY", "ɲ", "Spanish año, French gagner"),
    Sound("CH", "tʃ tʂ tɕ", "English chin, Mandarin zh, Polish ć"),
    Sound("JH", "dʒ dʐ dʑ", "English gin, Polish dź"),
    Sound("SH", "ʃ ʂ ɕ ɧ", "English ship, Swedish sju, Polish ś"),
    Sound("ZH", "ʒ ʐ ʑ r̝", "French je, Mandarin rén, Polish ź, Czech ř"),
    Sound("S", "s", "English so"),
    Sound("Z", "z", "English zoo"),
    Sound("L", "l ɭ ɫ ʟ ɺ ǁ", "English law"),
    Sound("LY", "ʎ", "Italian figlio"),
    Sound("LH", "ɬ ɮ", "Welsh Llan"),
    Sound("R", "ɹ ɻ", "English red"),
    Sound("RT", "r ɾ ɽ", "Spanish perro, pero"),
    Sound("RX", "ʁ ʀ", "French rue, German rot"),
    Sound("HH", "h ɦ ħ ʜ ʢ", "English hat; Arabic ḥ"),
    Sound("W", "w ʍ", "English we"),
    Sound("Y", "j ʝ", "English yes, Spanish yo"),
)
"""Consonants. h has one label of the network for each shape that can follow; see ``phonemes``."""

MORE: tuple[str, ...] = tuple(
    sorted(
        {sound.label for sound in (*VOWELS, *NASAL, *CONSONANTS)} - {"HH"} - set(ENGLISH) | {"HH_sil"},
    )
)
"""Labels that English lacks."""

LABELS: tuple[str, ...] = (*ENGLISH, *MORE)
"""What a network of all languages tells apart, in the order of its outputs: the English labels first."""

_TIES = str.maketrans("", "", "͜͡")
_TILDE = "\u0303"
_ROUNDED = "ʷ"  # a consonant with it is followed by a w
_GLIDE = "ʲ"  # standing alone it is a glide of its own, beside a consonant part of it
# Length, stress, tone and what else a face does not show; anything of Unicode's class Mn is a mark too.
_MARKS = frozenset("ːˑˈˌʰʱʲʼˠˤˀˁ˞ˡʳˣᵊᵝʷ'ʻ.|‖-˥˦˧˨˩↗↘↓↑0123456789¹²³⁴⁵⁶")
_SIGNS = {
    sign.translate(_TIES): sound.label for sound in (*VOWELS, *CONSONANTS) for sign in sound.ipa.split()
}
_NASAL = {sign: sound.label for sound in NASAL for sign in sound.ipa.split()}
_MARKED = {"ɯᵝ": "UW", "r̝": "ZH", "r̝̊": "ZH"}  # where a mark matters: Japanese u, Czech ř
_LONGEST = max(map(len, _SIGNS))


class UnknownSound(Exception):
    """A sign is in no table.

    Attributes:
        sign: What it is.
        ipa: Where it stands.
    """

    def __init__(self, sign: str, ipa: str) -> None:
        self.sign = sign
        self.ipa = ipa
        super().__init__(sign, ipa)

    def __str__(self) -> str:
        return f"the sign {self.sign!r} of {self.ipa!r} is in no table of mascot_visemes.inventory: add it to one"


def labels_of(ipa: str) -> tuple[str, ...]:
    """Labels of a phone, or of several in a row, written in the International Phonetic Alphabet.

    Args:
        ipa: Such as ``tʃ``, ``kʷ`` or ``ɔ̃``; spaces and marks of stress, length and tone count nothing.

    Returns:
        Its labels in order, most often one; none for what is silent or a mark alone. ``HH`` is not told apart here.

    Raises:
        UnknownSound: There is a sign that no table has.
    """
    result: list[str] = []
    whole = unicodedata.normalize("NFC", ipa).replace("ç", "\0")
    text = unicodedata.normalize("NFD", whole).translate(_TIES).replace("\0", "ç")
    if text == _GLIDE:
        return ("Y",)
    at = 0
    while at < len(text):
        if _is_mark(text[at]):
            at += 1
            continue
        sign, marks = _next(text, at)
        at += len(sign) + len(marks)
        if _TILDE in marks and sign in _NASAL:
            label = _NASAL[sign]
        elif sign + marks in _MARKED:
            label = _MARKED[sign + marks]
        elif sign in _SIGNS:
            label = _SIGNS[sign]
        else:
            raise UnknownSound(sign, ipa)
        if result[-1:] != [label]:
            result.append(label)
        if _ROUNDED in marks:
            result.append("W")
    return tuple(result)


def _is_mark(sign: str) -> bool:
    return sign in _MARKS or sign.isspace() or unicodedata.category(sign) == "Mn"


def _next(text: str, at: int) -> tuple[str, str]:
    """The longest sign at a position that a table has, else one character, and the marks that follow it."""
    sizes = range(min(_LONGEST, len(text) - at), 1, -1)
    sign = next((text[at : at + size] for size in sizes if text[at : at + size] in _SIGNS), text[at])
    end = at + len(sign)
    while end < len(text) and _is_mark(text[end]):
        end += 1
    # A diphthong that is nasal is told as its two vowels, each nasal or not.
    if len(sign) > 1 and _TILDE in text[at + len(sign) : end]:
        sign, end = text[at], at + 1
    return sign, text[at + len(sign) : end]
