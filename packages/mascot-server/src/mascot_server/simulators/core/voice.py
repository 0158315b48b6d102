"""The simulated agent's voice: the shipped recordings, cut into chunks as a provider sends them."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import cycle
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from mascot_server.simulators.core.sound import Encoding, encode, resample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Language = Literal["en", "id"]
"""Languages of the agent (ISO 639-1)."""
LANGUAGES: tuple[Language, ...] = get_args(Language)

_CHUNKS_MS = (120, 200, 160, 240, 100, 180)
_SHORTEST_MS, _LONGEST_MS = min(_CHUNKS_MS), 260
# At every sample rate of the providers, 20 ms is a whole number of samples.
_GRID_MS = 20


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, with its punctuation.

    Attributes:
        word: the text, without blanks.
        start_ms: when it begins, in ms from the start of its reply.
        end_ms: when it ends.
    """

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """A recorded reply of the agent.

    Attributes:
        name: the name of its files.
        text: its words, joined by blanks.
        words: the same, with their times.
        samples: int16, mono, shape ``(n,)``.
        sample_rate: rate of ``samples`` in Hz.
    """

    name: str
    text: str
    words: tuple[Word, ...]
    samples: NDArray[np.int16]
    sample_rate: int

    @property
    def duration_ms(self) -> int:
        """Length of the sound."""
        return len(self.samples) * 1000 // self.sample_rate


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a reply that is sent in one message.

    Attributes:
        start_ms: its start, in ms from the start of the reply.
        duration_ms: its duration in ms.
        data: the encoded audio.
        sample_rate: its rate in Hz.
        encoding: its encoding.
        words: the words that begin in it.
    """

    start_ms: int
    duration_ms: int
    data: bytes
    sample_rate: int
    encoding: Encoding
    words: tuple[str, ...]


@cache
def replies(language: Language = "en") -> tuple[Reply, ...]:
    """Return the recordings of a language in their order: the greeting first, then the answers."""
    folder = files("mascot_server") / "simulators" / "assets" / language
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    loaded = []
    for name in names:
        card = json.loads((folder / name).read_text(encoding="utf-8"))
        sound = (folder / name.replace(".json", ".wav")).open("rb")
        with sound, wave.open(sound) as recording:
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").astype(np.int16)
            words = tuple(Word(**word) for word in card["words"])
            loaded.append(
                Reply(name.removesuffix(".json"), card["text"], words, samples, recording.getframerate())
            )
    return tuple(loaded)


def greeting(language: Language = "en") -> Reply:
    """Return the first reply of the agent."""
    return replies(language)[0]


def answer(turn: int, language: Language = "en") -> Reply:
    """Return the reply of turn number ``turn`` (from 0); the recordings repeat."""
    answers = replies(language)[1:]
    return answers[turn % len(answers)]


@cache
def chunks(reply: Reply, sample_rate: int, encoding: Encoding) -> tuple[Chunk, ...]:
    """Split a reply into chunks of varying duration, 100 to 260 ms."""
    samples = resample(reply.samples, reply.sample_rate, sample_rate)
    cut = []
    start_ms = 0
    for duration_ms in _durations(reply.duration_ms):
        end_ms = start_ms + duration_ms
        piece = samples[start_ms * sample_rate // 1000 : end_ms * sample_rate // 1000]
        words = tuple(word.word for word in reply.words if start_ms <= word.start_ms < end_ms)
        cut.append(Chunk(start_ms, duration_ms, encode(piece, encoding), sample_rate, encoding, words))
        start_ms = end_ms
    return tuple(cut)


def _durations(total_ms: int) -> Iterator[int]:
    """Return durations in ms that add up to ``total_ms``, none of them very short."""
    for duration_ms in cycle(_CHUNKS_MS):
        if total_ms - duration_ms < _SHORTEST_MS:
            break
        yield duration_ms
        total_ms -= duration_ms
    if total_ms > _LONGEST_MS:
        half = total_ms // 2 // _GRID_MS * _GRID_MS
        yield half
        total_ms -= half
    yield total_ms
