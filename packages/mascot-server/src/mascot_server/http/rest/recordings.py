"""Visemes of an uploaded recording, chunk by chunk. Runs in the background thread."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from os import SEEK_END
from typing import TYPE_CHECKING, BinaryIO, Final

import mascot_visemes
from mascot_server.errors import BadRequest, TooLarge
from mascot_server.inference.viseme_models import VisemeModel, recording_network
from mascot_server.inference.viseme_sets import DEFAULT_SETS, VisemeSets
from mascot_server.inference.whole_stream import WholeStream
from mascot_visemes import AudioError, MissingExtraError, VisemeEvent
from mascot_visemes.sniffing import HEAD_BYTES, sniff

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mascot_server.inference.weights import WeightRows

__all__ = ["CHUNK_MS", "RecordingChunk", "RecordingVisemes"]

CHUNK_MS: Final = 1000
"""Long enough that few frames are at a chunk edge, where the right context is shorter. Short enough (3 ms of work) not
to delay conversations."""


@dataclass(frozen=True, slots=True)
class RecordingChunk:
    """The prediction for one chunk.

    Attributes:
        changes: Changes of mouth shape, times from the start of the audio.
        number: Number of the chunk, from 1.
        total: Number of chunks, as far as it is known.
        duration_ms: Duration of the chunk, rounded.
        weights: Its blend weights, with times from the start of the audio; `None` if they were not requested.
    """

    changes: list[VisemeEvent]
    number: int
    total: int
    duration_ms: int
    weights: WeightRows | None = None


class RecordingVisemes:
    """An uploaded recording that is processed chunk by chunk.

    Args:
        file: The upload: an audio file or bare PCM16. It is closed by `close`.
        sample_rate: Rate of bare PCM16, in Hz.
        model: The viseme model.
        max_seconds: Longest audio.
        bare: Whether data of an unknown format is taken as bare PCM16.
        sets: Viseme sets of the changes and of the weights.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        sample_rate: int,
        model: VisemeModel,
        max_seconds: float,
        bare: bool,
        sets: VisemeSets = DEFAULT_SETS,
    ) -> None:
        self._file = file
        self._sample_rate, self._model, self._max_seconds, self._bare = sample_rate, model, max_seconds, bare
        self._sets = sets
        self._opened = ExitStack()
        self._block: NDArray[np.float32] | None = None
        self._samples = self._number = self._total = 0

    def open(self) -> None:
        """Read the start of the file.

        Raises:
            BadRequest: The file is not valid audio.
            TooLarge: The audio is too long.
        """
        try:
            self._open()
        except MissingExtraError:
            advice = "convert it: ffmpeg -i FILE out.wav"
            raise invalid(
                "audio", f"only WAV and raw PCM16 can be decoded on this server; {advice}"
            ) from None
        except AudioError as error:
            raise _unreadable(error) from None

    def next(self) -> RecordingChunk | None:
        """Process the next chunk; return `None` after the last one.

        Raises:
            BadRequest: The audio is damaged.
            TooLarge: The audio is longer than its header states, and too long.
        """
        block, self._block = self._block, None
        if block is None:
            return None
        self._number += 1
        self._count(len(block))
        try:
            changes, weights = self._stream.accept(block)
            self._block = next(self._recording.blocks, None)
        except AudioError as error:
            raise _unreadable(error) from None
        if self._block is None:
            changes += self._stream.finish()
            self._total = self._number
        duration_ms = round(len(block) * 1000 / self._recording.rate)
        return RecordingChunk(changes, self._number, max(self._total, self._number), duration_ms, weights)

    @property
    def number(self) -> int:
        """Number of chunks that were processed, including one that failed."""
        return self._number

    def close(self) -> None:
        """Close the file."""
        self._opened.close()
        self._file.close()

    def _open(self) -> None:
        head = self._file.read(HEAD_BYTES)
        self._file.seek(0)
        if not head:
            raise invalid("audio", "is empty")
        raw_rate = self._sample_rate if self._bare and sniff(head) is None else None
        if raw_rate is not None and self._file.seek(0, SEEK_END) % 2:
            raise invalid(
                "audio", "must be a WAV, MP3, FLAC or Ogg file, or PCM16 with an even number of bytes"
            )
        self._file.seek(0)
        source = mascot_visemes.open_audio(self._file, raw_rate=raw_rate, block_ms=CHUNK_MS)
        self._recording = self._opened.enter_context(source)
        if (self._recording.seconds or 0) > self._max_seconds:
            raise self._too_long()
        self._total = math.ceil((self._recording.seconds or 0) * 1000 / CHUNK_MS)
        self._stream = WholeStream(
            recording_network(self._model), self._sets, sample_rate=self._recording.rate, encoding="float32"
        )
        self._block = next(self._recording.blocks)

    def _count(self, samples: int) -> None:
        self._samples += samples
        if self._samples > self._max_seconds * self._recording.rate:
            raise self._too_long()

    def _too_long(self) -> TooLarge:
        return TooLarge(
            f"Invalid audio data: audio: longer than {self._max_seconds:g} seconds (MASCOT_MAX_AUDIO_SECONDS)"
        )


def invalid(field: str, problem: str) -> BadRequest:
    """Return the error for a field of a request with audio."""
    return BadRequest(f"Invalid audio data: {field}: {problem}")


def _unreadable(error: AudioError) -> BadRequest:
    return invalid("audio", str(error).removeprefix("audio: "))
