"""The audio that a transport has written for one destination, and the position in its speech; without I/O."""

from __future__ import annotations

__all__ = ["Playout"]


class Playout:
    """Count the audio that a transport has written for one destination.

    A transport writes whole chunks, 40 ms by default. It sends a viseme frame after the last whole chunk before the
    audio of the frame, which is up to one chunk early. The counter is used to correct this difference.
    """

    def __init__(self) -> None:
        self._written_ms = 0.0
        self._chunk_ms = 0.0
        self._context: str | None = None
        self._origin_ms: float | None = None

    def wrote(self, samples: int, sample_rate: int) -> None:
        """Count a chunk of audio."""
        self._chunk_ms = samples * 1000 / sample_rate
        self._written_ms += self._chunk_ms

    def position_ms(self, context_id: str | None, start_ms: int) -> float:
        """Return how much of a speech has been written before the audio that starts at ``start_ms``.

        Args:
            context_id: The context of the speech.
            start_ms: The start of the next audio, in milliseconds from the start of the speech.

        Returns:
            The position in milliseconds from the start of the speech: ``start_ms``, or up to one chunk less.
        """
        position = start_ms * 1.0
        if start_ms > 0 and context_id == self._context and self._origin_ms is not None:
            counted = self._written_ms - self._origin_ms
            # Otherwise audio was dropped, or another speech was written in between, so the count starts again.
            if -1 <= start_ms - counted <= self._chunk_ms:
                position = counted
        self._context, self._origin_ms = context_id, self._written_ms - position
        return position
