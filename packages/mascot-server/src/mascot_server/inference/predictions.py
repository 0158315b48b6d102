"""What the server asks of viseme engines and streams, and how one message's answer looks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.inference.weights import WeightRows

__all__ = [
    "NetworkEngine",
    "Prediction",
    "VisemeEngine",
    "VisemeEvent",
    "VisemeStream",
    "predict",
    "run_each",
]

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

    @property
    def weights(self) -> WeightRows | None:
        """Blend weights of what was accepted last, counted from the start of the stream; `None` without weights."""


class NetworkEngine(Protocol):
    """What is needed of an engine of `mascot_visemes`."""

    def run_together(
        self, streams: Sequence[Any], chunks: Sequence[bytes], lookaheads: Sequence[bytes], /
    ) -> Sequence[Sequence[VisemeEvent]]:
        """Run inference on a chunk of each stream, with the same results as alone. If it raises, no stream has changed.

        A look-ahead is what is known of the audio after the chunk. The stream's next chunks begin with it.
        """


class VisemeEngine(Protocol):
    """What the scheduler needs of an engine: that of a network, or one of several networks."""

    def run_together(
        self, streams: Sequence[Any], chunks: Sequence[bytes], lookaheads: Sequence[bytes], /
    ) -> Sequence[Sequence[VisemeEvent] | None]:
        """Run inference on a chunk of each stream, as if alone. Look-aheads are as for `NetworkEngine`.

        If it raises, all streams are as before. Where it has `None` for a stream, that one alone is as before.
        """


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a stream said of one message's audio.

    Attributes:
        before: Shape at the start of the audio.
        changes: Offset in milliseconds from the start of the audio and the shape from there on, sorted.
        weights: Blend weights, counted from the start of the audio; `None` if there are none.
    """

    before: int | str
    changes: tuple[tuple[int, int | str], ...]
    weights: WeightRows | None = None

    def split(self, end_ms: int, start_ms: int) -> tuple[Prediction, Prediction]:
        """Divide it in two where one message ends and the next one begins.

        Args:
            end_ms: Frames that begin before this time belong to the first one.
            start_ms: Time from which the second one counts, at most 1 ms before that.
        """
        first = tuple([change for change in self.changes if change[0] < end_ms])
        second = tuple([(offset - start_ms, shape) for offset, shape in self.changes[len(first) :]])
        weights = (None, None) if self.weights is None else self.weights.split(end_ms, start_ms)
        between = first[-1][1] if first else self.before
        return Prediction(self.before, first, weights[0]), Prediction(between, second, weights[1])


def predict(
    engine: VisemeEngine,
    streams: Sequence[VisemeStream],
    chunks: Sequence[bytes],
    lookaheads: Sequence[bytes],
) -> list[Prediction | None]:
    """Run inference on the next audio of all streams in one call.

    Args:
        engine: The engine of all the streams.
        streams: Different streams.
        chunks: The audio for each.
        lookaheads: What is known of the audio that follows, for each.

    Returns:
        What each one said; `None` for one that failed, which does not touch the others.
    """
    starts = [(stream.viseme, stream.time_ms) for stream in streams]
    return [
        None
        if changes is None
        else Prediction(
            before,
            tuple([(change.time_ms - start, change.viseme) for change in changes]),
            None if (weights := stream.weights) is None else weights.moved(-start),
        )
        for stream, (before, start), changes in zip(
            streams, starts, run_each(engine, streams, chunks, lookaheads), strict=True
        )
    ]


def run_each(
    engine: VisemeEngine,
    streams: Sequence[VisemeStream],
    chunks: Sequence[bytes],
    lookaheads: Sequence[bytes],
) -> Sequence[Sequence[VisemeEvent] | None]:
    """Run streams together, and each by itself if that raises.

    Returns:
        The changes of each stream; `None` for one that failed, which is logged.
    """
    try:
        return engine.run_together(streams, chunks, lookaheads)
    except Exception as error:
        if len(streams) > 1:
            each = zip(streams, chunks, lookaheads, strict=True)
            return [run_each(engine, [s], [chunk], [ahead])[0] for s, chunk, ahead in each]
        logger.exception("viseme prediction failed", exc_info=error)
        return [None]
