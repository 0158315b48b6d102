"""What a transport has written for one destination, and so where its speech is. No I/O."""

from __future__ import annotations

__all__ = ["Playout"]


class Playout:
    """Follows the audio that a transport has written for one destination.

    A transport writes whole chunks (40 ms by default). A viseme frame leaves it behind the last whole chunk before its
    audio, which is up to one chunk early. This counts the audio written, so that the rest is known.
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
        """Return how much of a speech has been written when audio of it that starts at ``start_ms`` is next.

        Args:
            context_id: The speech's context.
            start_ms: Where the next audio starts, in milliseconds from the start of the speech.

        Returns:
            Milliseconds from the start of the speech: ``start_ms``, or up to one chunk less.
        """
        position = start_ms * 1.0
        if start_ms > 0 and context_id == self._context and self._origin_ms is not None:
            counted = self._written_ms - self._origin_ms
            # Anything else is audio that was dropped, or another's between them: count anew.
            if -1 <= start_ms - counted <= self._chunk_ms:
                position = counted
        self._context, self._origin_ms = context_id, self._written_ms - position
        return position
