"""Make short recordings from aligned speech: a held vowel, and an isolated word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.effects import pcm16, seeded
from bench.visemes import viseme_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

Phones = list[tuple[float, float, str]]

VOWELS = ("aa", "E", "ih", "oh", "ou")
BILABIAL = "PP"
# Diphthongs and glides: the sound in their middle is a different vowel.
_UNSTEADY = frozenset(
    {
        "W",
        "Y",
        "w",
        "j",
        "ɥ",
        "ʝ",
        "AY",
        "AW",
        "EY",
        "OW",
        "OY",
        "aɪ",
        "aʊ",
        "eɪ",
        "ɛɪ",
        "oʊ",
        "oɪ",
        "ɔɪ",
        "ɔø",
    }
)
_SHORTEST_S = 0.08  # of vowels that are held
_LOOP_S = 0.04  # what of a vowel is repeated, at least
_PITCHES_HZ = (70.0, 400.0)
_HELD_S = 3.0
_VIBRATO = (0.012, 5.3)  # share of the pitch, times a second
_BEFORE_S = 0.4
_AFTER_S = 0.6
_WORDS = 2  # of an utterance
_EDGE_S = 0.005


class Excerpt(NamedTuple):
    """A recording with its phones: PCM16, shape (n,), and (start s, end s, phone) from its start to its end."""

    pcm: NDArray[np.int16]
    phones: Phones


def held(
    pcm: NDArray[np.int16], rate: int, phones: Sequence[tuple[float, float, str]], number: int
) -> Iterator[Excerpt]:
    """Yield the longest vowel of an utterance, held for 3 s between silences.

    Some periods of the middle of the vowel are repeated, with a vibrato.

    Args:
        pcm: The recording.
        rate: Its samples a second.
        phones: (start s, end s, phone).
        number: Number of the utterance, which selects one of `VOWELS`. Nothing is yielded without a long, steady one.
    """
    wanted = VOWELS[number % len(VOWELS)]
    spans = [
        (end - start, start, end, name)
        for start, end, name in phones
        if viseme_of(name) == wanted and name not in _UNSTEADY and end - start >= _SHORTEST_S
    ]
    if not spans:
        return
    _, start, end, name = max(spans)
    middle = pcm[round((start + 0.25 * (end - start)) * rate) : round((end - 0.25 * (end - start)) * rate)]
    sound = _looped(middle.astype(np.float64), rate)
    yield _between_silences(sound, rate, [(0.0, _HELD_S, name)])


def _looped(vowel: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    period = _period(vowel, rate)
    size = max(period, min(round(_LOOP_S * rate), len(vowel) - period) // period * period)
    fade = np.arange(period) / period
    loop = vowel[:size].copy()
    follows = vowel[size : size + period]
    loop[: len(follows)] = fade[: len(follows)] * loop[: len(follows)] + (1 - fade[: len(follows)]) * follows
    time = np.arange(round(_HELD_S * rate)) / rate
    depth, times = _VIBRATO
    at = rate * (time + depth / (2 * np.pi * times) * np.sin(2 * np.pi * times * time))
    sound = np.interp(at, np.arange(2 * len(at)), np.resize(loop, 2 * len(at)))
    result: NDArray[np.float64] = sound * np.minimum(1.0, np.minimum(time / 0.03, time[::-1] / 0.08))
    return result


def _period(vowel: NDArray[np.float64], rate: int) -> int:
    """Return the length of a period of the voice in samples, by autocorrelation."""
    least, most = round(rate / _PITCHES_HZ[1]), min(round(rate / _PITCHES_HZ[0]), len(vowel) // 2)
    centred = vowel - vowel.mean()
    scores = [
        float(centred[lag:] @ centred[:-lag])
        / (float(np.linalg.norm(centred[lag:]) * np.linalg.norm(centred[:-lag])) + 1e-9)
        for lag in range(least, most + 1)
    ]
    best = max(scores)
    # The shortest period that is nearly as good, because twice the period fits as well.
    return least + next(i for i, score in enumerate(scores) if score >= best - 0.05)


def lone_words(
    pcm: NDArray[np.int16], rate: int, entry: dict[str, Any], phones: Sequence[tuple[float, float, str]]
) -> Iterator[Excerpt]:
    """Yield words cut out of an utterance, each between silences. Words that end in p, b or m come first.

    Args:
        pcm: The recording.
        rate: Its samples a second.
        entry: Line of the listing, with ``audio`` and ``words``: [start s, end s] of each.
        phones: (start s, end s, phone).
    """
    found = []
    for start, end in entry.get("words", ()):
        inside = [
            (a - start, b - start, name) for a, b, name in phones if a >= start - 1e-6 and b <= end + 1e-6
        ]
        spoken = [phone for phone in inside if phone[2] != "SIL"]
        if len(spoken) > 1:
            found.append((ends_bilabial(spoken), start, end, inside))
    order = seeded(entry["audio"]).permutation(len(found))
    chosen = sorted((found[i] for i in order), key=lambda word: not word[0])[:_WORDS]
    for _, start, end, inside in chosen:
        sound = pcm[round(start * rate) : round(end * rate)].astype(np.float64)
        time = np.arange(len(sound)) / rate
        yield _between_silences(sound * np.minimum(1.0, np.minimum(time, time[::-1]) / _EDGE_S), rate, inside)


def ends_bilabial(phones: Sequence[tuple[float, float, str]]) -> bool:
    """Return whether the last phone before the silence closes the lips."""
    last = next((name for _, _, name in reversed(phones) if name != "SIL"), "SIL")
    return viseme_of(last) == BILABIAL


def _between_silences(sound: NDArray[np.float64], rate: int, phones: Phones) -> Excerpt:
    before, after = round(_BEFORE_S * rate), round(_AFTER_S * rate)
    pcm = pcm16(np.concatenate([np.zeros(before), sound, np.zeros(after)]))
    end = _BEFORE_S + len(sound) / rate
    moved = [(_BEFORE_S + a, _BEFORE_S + b, name) for a, b, name in phones]
    return Excerpt(pcm, [(0.0, _BEFORE_S, "SIL"), *moved, (end, end + _AFTER_S, "SIL")])
