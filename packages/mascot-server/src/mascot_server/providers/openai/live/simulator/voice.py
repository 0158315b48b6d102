"""The continuous voice of a simulated GPT-Live: recordings, with dithered silence between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mascot_server.simulators.core.sound import encode, resample
from mascot_server.simulators.core.voice import Chunk, Language, Reply, Word, answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mascot_server.providers.openai.live.simulator.session import Wire

__all__ = ["DELTA_MS", "ContinuousVoice"]

DELTA_MS: Final = 100
_DITHER: Final = 1
"""Largest sample of silence."""


class ContinuousVoice:
    """A continuous voice.

    Args:
        wire: How its audio is encoded.
        language: Language of the recordings.
    """

    def __init__(self, wire: Wire, language: Language) -> None:
        self._encoding, self._rate = wire
        self._language = language
        self._turn = 0
        self._reply: Reply | None = None
        self._recording = np.zeros(0, np.int16)
        self._reply_ms = 0
        self._fades = False
        self._time_ms = 0
        self._random = np.random.default_rng(0)

    def answer(self) -> None:
        """Start the next recording with the next chunk."""
        self._reply, self._reply_ms, self._fades = answer(self._turn, self._language), 0, False
        self._recording = resample(self._reply.samples, self._reply.sample_rate, self._rate)
        self._turn += 1

    def fade(self) -> None:
        """Fade to silence within the next chunk."""
        self._fades = self._reply is not None

    def next(self) -> tuple[Chunk, tuple[Word, ...]]:
        """Return the next chunk, and the words that begin in it at their times of the session."""
        size = self._rate * DELTA_MS // 1000
        samples = self._random.integers(-_DITHER, _DITHER + 1, size).astype(np.int16)
        words: tuple[Word, ...] = ()
        if self._reply is not None:
            words = self._speak(self._reply, samples)
        chunk = Chunk(
            self._time_ms,
            DELTA_MS,
            encode(samples, self._encoding),
            self._rate,
            self._encoding,
            tuple(word.word for word in words),
        )
        self._time_ms += DELTA_MS
        return chunk, words

    def _speak(self, reply: Reply, samples: NDArray[np.int16]) -> tuple[Word, ...]:
        """Put the next part of a reply in place of silence."""
        start_ms, shift_ms = self._reply_ms, self._time_ms - self._reply_ms
        first = start_ms * self._rate // 1000
        spoken = self._recording[first : first + len(samples)]
        if self._fades:
            spoken = (spoken * np.linspace(1.0, 0.0, len(spoken))).astype(np.int16)
        samples[: len(spoken)] = spoken
        self._reply_ms += DELTA_MS
        if self._fades or self._reply_ms >= reply.duration_ms:
            self._reply = None
        return tuple(
            Word(word.word, word.start_ms + shift_ms, word.end_ms + shift_ms)
            for word in reply.words
            if start_ms <= word.start_ms < start_ms + DELTA_MS
        )
