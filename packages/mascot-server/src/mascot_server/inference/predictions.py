"""What the server asks of viseme engines and streams, and how one message's answer looks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Prediction", "VisemeEngine", "VisemeEvent", "VisemeStream", "predict"]

logger = logging.getLogger(__name__)


class VisemeEvent(Protocol):
    """What is needed of a `mascot_visemes.VisemeEvent`."""

    @property
    def time_ms(self) -> int:
        """Milliseconds from the start of the stream."""

    @property
    def viseme(self) -> int | str:
        """The shape from then on."""


class VisemeStream(Protocol):
    """What is needed of a stream of `mascot_visemes`."""

    @property
    def viseme(self) -> int | str:
        """The shape at the end of what was accepted."""

    @property
    def time_ms(self) -> int:
        """Length of what was accepted, in whole milliseconds."""


class VisemeEngine(Protocol):
    """What is needed of an engine of `mascot_visemes`."""

    def run_together(
        self, streams: Sequence[Any], chunks: Sequence[bytes], lookaheads: Sequence[bytes], /
    ) -> Sequence[Sequence[VisemeEvent]]:
        """Lets each stream hear its chunk, as it would alone; if it raises, all streams are as before.

        A look-ahead is what is known of the audio after the chunk. The stream's next chunks begin with it.
        """


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a stream said of one message's audio.

    Attributes:
        before: Shape at the start of the audio.
        changes: Offset in milliseconds from the start of the audio and the shape from there on, sorted.
    """

    before: int
    changes: tuple[tuple[int, int], ...]


def predict(
    engine: VisemeEngine,
    streams: Sequence[VisemeStream],
    chunks: Sequence[bytes],
    lookaheads: Sequence[bytes],
) -> list[Prediction | None]:
    """Lets streams hear their next audio, all at once.

    Args:
        engine: The engine of all the streams.
        streams: Different streams.
        chunks: The audio for each.
        lookaheads: What is known of the audio that follows, for each.

    Returns:
        What each one said; `None` for one that failed, which does not touch the others.
    """
    starts = [(int(stream.viseme), stream.time_ms) for stream in streams]
    try:
        answers = engine.run_together(streams, chunks, lookaheads)
    except Exception as error:
        if len(streams) > 1:
            each = zip(streams, chunks, lookaheads, strict=True)
            return [predict(engine, [s], [chunk], [ahead])[0] for s, chunk, ahead in each]
        logger.exception("viseme prediction failed", exc_info=error)
        return [None]
    return [
        Prediction(before, tuple([(change.time_ms - start, int(change.viseme)) for change in changes]))
        for (before, start), changes in zip(starts, answers, strict=True)
    ]
