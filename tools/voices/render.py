"""Text to speech with Festival, one sentence at a time, joined to replies with their word times."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mascot_server.simulators.sound import resample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SYNTHESISER = "Festival"
VOICE = "cmu_us_slt_arctic_hts"
SAMPLE_RATE = 24_000
SPEECH_DBFS = -20.0
"""Root mean square level of the speech, between the first word's start and the last one's end."""

_EDGE_MS = 150
_PAUSE_MS = 300
# Any rate the providers speak divides this many samples evenly, so a reply converts without a remainder.
_GRID = SAMPLE_RATE * 20 // 1000

_SCRIPT = """
(voice_{voice})
(set! utt (SynthText "{text}"))
(mapcar
 (lambda (token)
  (mapcar
   (lambda (word) (format t "%s %s " (item.feat word "word_start") (item.feat word "word_end")))
   (item.daughters token))
  (format t "\\n"))
 (utt.relation.items utt 'Token))
(utt.save.wave utt "{path}" 'riff)
"""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, with its punctuation, and when it is spoken, in ms from the start."""

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """A reply: mono int16 samples at 24 kHz, and its words in order."""

    samples: NDArray[np.int16]
    words: tuple[Word, ...]


def render(sentences: Sequence[str]) -> Rendering:
    """Speak the sentences one after the other, with silence before, between and after them."""
    pieces = [_silence(_EDGE_MS)]
    words: list[Word] = []
    for sentence in sentences:
        if words:
            pieces.append(_silence(_PAUSE_MS))
        offset_ms = sum(map(len, pieces)) * 1000 // SAMPLE_RATE
        samples, times = _synthesise(sentence)
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


def _synthesise(sentence: str) -> tuple[NDArray[np.float64], list[tuple[float, float]]]:
    """Return a sentence from its first word's start to its last one's end, and its word times in s."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sentence.wav"
        script = Path(folder) / "sentence.scm"
        script.write_text(_SCRIPT.format(voice=VOICE, text=sentence, path=sound), encoding="ascii")
        command = ["festival", "-b", str(script)]
        spoken = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - Festival
        with wave.open(str(sound), "rb") as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    # Word times per token. The relation lists words and punctuation marks too (no daughters, an empty
    # line), and a mark among a token's daughters has the times 0 and 0.
    tokens = [[float(time) for time in line.split()] for line in spoken.splitlines() if line.strip()]
    times = [(token[0], max(token)) for token in tokens]
    # A grid of 20 ms at the synthesiser's rate too, so that resampling leaves no remainder.
    samples = np.pad(samples, (0, -len(samples) % (rate * 20 // 1000)))
    converted = resample(samples.astype(np.int16), rate, SAMPLE_RATE).astype(np.float64)
    first, last = times[0][0], times[-1][1]
    cut = converted[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)]
    cut = cut - cut.mean()
    fade = np.linspace(0, 1, SAMPLE_RATE * 5 // 1000)
    cut[: len(fade)] *= fade
    cut[-len(fade) :] *= fade[::-1]
    return cut, [(start - first, end - first) for start, end in times]


def _silence(milliseconds: int) -> NDArray[np.float64]:
    return np.zeros(SAMPLE_RATE * milliseconds // 1000)
