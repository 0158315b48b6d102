"""Streams of recordings and synthesised speech: the changes of each chunk and, on request, its blend weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mascot_visemes
from mascot_server.inference.weights import WeightRows

if TYPE_CHECKING:
    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_visemes import Encoding, VisemeEvent

__all__ = ["WholeStream"]


class WholeStream:
    """A stream of audio that is processed to its end, faster than real time.

    Args:
        network: Network of mascot-visemes.
        sets: Viseme sets of the events and of the weights.
        sample_rate: Sample rate in Hz.
        encoding: Encoding of the audio.
    """

    def __init__(
        self, network: str, sets: VisemeSets, *, sample_rate: int, encoding: Encoding = "pcm16"
    ) -> None:
        engine = mascot_visemes.load(network, shapes=sets.shapes)
        self._stream = engine.create_stream(
            sample_rate=sample_rate, encoding=encoding, weights=sets.weights or False
        )
        self._columns = tuple(map(str, self._stream.columns))
        self._rows = 0

    def accept(self, chunk: Any) -> tuple[list[VisemeEvent], WeightRows | None]:
        """Process the next chunk.

        Args:
            chunk: As for `mascot_visemes.Stream.accept_waveform`.

        Returns:
            Its changes and its weights, both with times from the start of the stream.

        Raises:
            AudioError: The chunk is invalid.
        """
        changes = self._stream.accept_waveform(chunk)
        if not self._columns:
            return changes, None
        weights = WeightRows.of(self._columns, self._rows, self._stream.weights)
        self._rows += len(weights.data) // len(self._columns)
        return changes, weights

    def finish(self) -> list[VisemeEvent]:
        """End the stream; return the change that closes the mouth, if it is open."""
        return self._stream.input_finished()
