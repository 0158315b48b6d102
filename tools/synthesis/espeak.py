"""Voices of espeak-ng, whose library reports each phone as it is put into the audio.

A stop's event comes after its closure, for which the library writes zeros at the end of the phone before;
`closures` assigns them to the stop. A phone may also merge with its neighbour and leave only such zeros (the l of
"world"). Its time is then unknown, so it is renamed and its utterance is left out.

Its Indonesian voice pronounces a final k as k. Speakers use a glottal stop ("bapak"), except in loan words, so such
words are passed to it in its own phonemes.
"""

from __future__ import annotations

import ctypes
import re
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tools.synthesis.phones import ESPEAK, ESPEAK_INDONESIAN
from tools.synthesis.speech import Manner, Segment, Speech, Voice, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SILENCES = frozenset({"_", "_:", "_!", "_|"})
_STOPS = frozenset({"p", "b", "t", "t2", "t#", "d", "k", "g", "tS", "dZ", "?"})
_SHORTEST_CLOSURE_S = 0.005
_UNHEARD = ", unheard"

# Of the library's speak_lib.h.
_SYNCHRONOUS, _PHONEME_EVENTS, _IN_IPA = 2, 1, 2
_TIED_IPA = 0x02 | 0x80 | ord("^") << 8
_WORD, _PHONEME = 1, 7
_RATE, _WORDS_A_MINUTE = 1, 175
_PITCH, _MIDDLE_PITCH = 3, 50
_UTF8, _PHONEMES_IN_BRACKETS = 1, 0x100

# Words of Indonesian in -k that are loans, which keep their k.
_FINAL_K = re.compile(
    r"\b(?!blok|optik|mistik|klasik|kritik|grafik|plastik|listrik|statistik|elektronik|produk|aspek|musik|klinik)"
    r"(\w*[aiueo])k\b"
)


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("phone", ctypes.c_char * 8),  # of a union; only this member is read
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Library:
    """The library, which keeps one state for the whole process."""

    def __init__(self) -> None:
        self._api = ctypes.CDLL("libespeak-ng.so.1")
        self._ipa = False
        self._rate = self._initialised()
        self._samples: list[NDArray[np.int16]] = []
        self._starts: list[tuple[int, str]] = []
        self._words: list[int] = []
        self._callback = _CALLBACK(
            self._collect
        )  # kept in memory, because the library has only a pointer to it
        self._api.espeak_SetSynthCallback(self._callback)
        self._api.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def _initialised(self) -> int:
        """Initialise the library; return its sampling rate."""
        options = _PHONEME_EVENTS | (_IN_IPA if self._ipa else 0)
        rate: int = self._api.espeak_Initialize(_SYNCHRONOUS, 0, None, options)
        if rate <= 0:
            raise FileNotFoundError("espeak-ng does not find its voice data: apt-get install espeak-ng-data")
        return rate

    def _collect(
        self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]
    ) -> int:
        if count > 0:
            self._samples.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type:
            if events[i].type == _WORD:
                self._words.append(events[i].sample)
            elif events[i].type == _PHONEME:
                self._starts.append((events[i].sample, events[i].phone.decode(errors="ignore")))
            i += 1
        return 0

    def choose(self, voice: str, *, ipa: bool = False) -> None:
        """Use a voice, such as ``en-us`` or ``id+f2``, until the next is chosen.

        Args:
            voice: Its name.
            ipa: Whether phones are named in IPA rather than by the library's mnemonics.
        """
        if ipa != self._ipa:
            self._ipa = ipa
            self._initialised()
        if self._api.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")

    def phonemes(self, word: str) -> str:
        """Return the mnemonics of a word in the pronunciation of the voice."""
        pointer = ctypes.c_char_p(word.encode())
        return str(self._api.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, 0).decode())

    def ipa(self, text: str) -> str:
        """Return a text in IPA, with ``^`` between the signs of one phone and a comma between clauses."""
        pointer = ctypes.c_char_p(text.encode())
        clauses = []
        while pointer.value:
            said = self._api.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _TIED_IPA)
            clauses.append(said.decode())
        return ", ".join(clause.strip() for clause in clauses if clause.strip())

    def speak(self, text: str, manner: Manner) -> Speech:
        """Speak a text, which may have phonemes in double square brackets.

        With mnemonics, closures are assigned to their stops; with IPA, phones are as the library reports them.
        """
        pitch = min(99, round(_MIDDLE_PITCH * manner.pitch))
        self._api.espeak_SetParameter(_PITCH, pitch, 0)
        self._api.espeak_SetParameter(_RATE, round(_WORDS_A_MINUTE * manner.pace / manner.tract), 0)
        self._samples.clear()
        self._starts.clear()
        self._words.clear()
        data = text.encode() + b"\0"
        self._api.espeak_Synth(data, len(data), 0, 0, 0, _UTF8 | _PHONEMES_IN_BRACKETS, None, None)
        samples = np.concatenate(self._samples)
        rate = self._rate
        starts = [(0, "_"), *self._starts, (len(samples), "")]
        segments = [
            Segment(start / rate, end / rate, phone)
            for (start, phone), (end, _) in pairwise(starts)
            if end > start
        ]
        words = tuple(start / rate for start in self._words)
        spoken = tuple(segments) if self._ipa else closures(segments, samples, rate)
        return moved(Speech(samples, rate, spoken, words), manner.tract)


def closures(
    segments: Sequence[Segment],
    samples: NDArray[np.int16],
    rate: int,
    stops: frozenset[str] = _STOPS,
    silences: frozenset[str] = _SILENCES,
) -> tuple[Segment, ...]:
    """Return segments in which the zeros before a stop or a pause belong to it.

    Args:
        segments: Phones as the library reports them, without gaps.
        samples: The audio.
        rate: Samples a second.
        stops: Phones that have a closure.
        silences: Phones that are pauses.

    Returns:
        The same number of segments. Segments of only zeros, except stops and pauses, have ``", unheard"`` after their
        phone.
    """
    result = list(segments)
    for i, segment in enumerate(result):
        if segment.phone in silences:
            continue
        sound = np.flatnonzero(samples[round(segment.start_s * rate) : round(segment.end_s * rate)])
        if not len(sound):
            if segment.phone not in stops:
                result[i] = segment._replace(phone=segment.phone + _UNHEARD)
            continue
        after = result[i + 1] if i + 1 < len(result) else None
        fallen = segment.start_s + (int(sound[-1]) + 1) / rate
        if after and after.phone in stops | silences and segment.end_s - fallen >= _SHORTEST_CLOSURE_S:
            result[i] = segment._replace(end_s=fallen)
            result[i + 1] = after._replace(start_s=fallen)
    return tuple(result)


_library = cache(_Library)


def present() -> bool:
    """Return whether the library can be used on this machine."""
    try:
        _library()
    except OSError:
        return False
    return True


def chosen(language: str, manner: Manner, *, ipa: bool = False) -> _Library:
    """Return the library with the voice of a language and a manner; see `_Library.choose`."""
    library = _library()
    library.choose(language + ("+" + manner.variant if manner.variant else ""), ipa=ipa)
    return library


def _speak(language: str, texts: Sequence[str], manner: Manner) -> list[Speech]:
    library = chosen(language, manner)
    return [library.speak(text, manner) for text in texts]


def speak_indonesian(texts: Sequence[str], manner: Manner) -> list[Speech]:
    """Return Indonesian texts with a final k as a glottal stop, except in loan words."""
    library = chosen("id", manner)

    def glottal(word: re.Match[str]) -> str:
        return f"[[{library.phonemes(word[0]).removesuffix('k')}?]]"

    return [library.speak(_FINAL_K.sub(glottal, text), manner) for text in texts]


VOICES = (
    Voice(
        corpus="espeak-ng",
        share=1.0,
        phones=ESPEAK,
        install="apt-get install libespeak-ng1",
        present=present,
        speak=partial(_speak, "en-us"),
        variants=("", *(f"m{i}" for i in range(1, 9)), *(f"f{i}" for i in range(1, 6))),
    ),
)
"""One voice, a formant synthesiser, with the timbres of its male and female variants."""


INDONESIAN_DEV = Voice(
    corpus="espeak-ng-id-dev",
    share=1.0,
    phones=ESPEAK_INDONESIAN,
    install="apt-get install libespeak-ng1",
    present=present,
    speak=speak_indonesian,
    paces=(0.75, 1.5),
    pitches=(0.5, 1.5),
    variants=("m5", "f4", "steph", "Marco", "Denis", "victor", "klatt2", "aunty"),
    tracts=(0.88, 1.16),
)
"""Timbres that no training speech has."""
