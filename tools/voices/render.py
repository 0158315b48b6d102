"""Replies with their word times, joined from sentences that a synthesiser speaks one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mascot_server.simulators.core.sound import resample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SAMPLE_RATE = 24_000
SPEECH_DBFS = -20.0
"""Root mean square level of the speech, between the first word's start and the last one's end."""

_EDGE_MS = 150
_PAUSE_MS = 300
# Any rate the providers speak divides this many samples evenly, so a reply converts without a remainder.
_GRID = SAMPLE_RATE * 20 // 1000


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, with its punctuation, and when it is spoken, in ms from the start."""

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence: mono int16 samples, their rate in Hz, and start and end of each word in seconds."""

    samples: NDArray[np.int16]
    rate: int
    words: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A reply: mono int16 samples at 24 kHz, and its words in order."""

    samples: NDArray[np.int16]
    words: tuple[Word, ...]


def render(sentences: Sequence[str], speak: Callable[[str], Spoken]) -> Rendering:
    """Speak the sentences one after the other, with silence before, between and after them."""
    pieces = [_silence(_EDGE_MS)]
    words: list[Word] = []
    for sentence in sentences:
        if words:
            pieces.append(_silence(_PAUSE_MS))
        offset_ms = sum(map(len, pieces)) * 1000 // SAMPLE_RATE
        samples, times = _cut(speak(sentence))
        pieces.append(samples)
        words += [
            Word(word, offset_ms + round(start * 1000), offset_ms + round(end * 1000))
            for word, (start, end) in zip(sentence.split(), times, strict=True)
        ]
    speech = np.concatenate([*pieces, _silence(_EDGE_MS)])
    level = np.sqrt(np.mean(np.square(np.concatenate(pieces[1::2]))))
    speech *= 10 ** (SPEECH_DBFS / 20) * 32768 / level
    padded = np.pad(speech, (0, -len(speech) % _GRID))
    return Rendering(np.clip(np.rint(padded), -32768, 32767).astype(np.int16), tuple(words))


def _cut(spoken: Spoken) -> tuple[NDArray[np.float64], list[tuple[float, float]]]:
    """Return a sentence at `SAMPLE_RATE`, cut to its words, and the start and end of each word in seconds."""
    # A grid of 20 ms at the synthesiser's rate too, so that resampling leaves no remainder.
    samples = np.pad(spoken.samples, (0, -len(spoken.samples) % (spoken.rate * 20 // 1000)))
    converted = resample(samples.astype(np.int16), spoken.rate, SAMPLE_RATE).astype(np.float64)
    first, last = spoken.words[0][0], spoken.words[-1][1]
    cut = converted[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)]
    cut = cut - cut.mean()
    fade = np.linspace(0, 1, SAMPLE_RATE * 5 // 1000)
    cut[: len(fade)] *= fade
    cut[-len(fade) :] *= fade[::-1]
    return cut, [(start - first, end - first) for start, end in spoken.words]


def _silence(milliseconds: int) -> NDArray[np.float64]:
    return np.zeros(SAMPLE_RATE * milliseconds // 1000)
