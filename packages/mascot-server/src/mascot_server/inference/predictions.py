"""Protocols of viseme engines and streams, and the prediction for one message."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mascot_server.inference.weights import WeightRows

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """The part of `mascot_visemes.VisemeEvent` that the server uses."""

    @property
    def time_ms(self) -> int:
        """Milliseconds from the start of the stream."""

    @property
    def viseme(self) -> int | str:
        """The mouth shape from then on."""


class VisemeStream(Protocol):
    """The part of a `mascot_visemes` stream that the server uses."""

    @property
    def viseme(self) -> int | str:
        """The mouth shape at the end of the accepted audio."""

    @property
    def time_ms(self) -> int:
        """Length of the accepted audio, in whole milliseconds."""

    @property
    def weights(self) -> WeightRows | None:
        """Blend weights of the last chunk, with times from the start of the stream; `None` without weights."""


class NetworkEngine(Protocol):
    """The part of a `mascot_visemes` engine that the server uses."""

    def run_together(
        self, streams: Sequence[Any], chunks: Sequence[bytes], lookaheads: Sequence[bytes], /
    ) -> Sequence[Sequence[VisemeEvent]]:
        """Run inference on a chunk of each stream, with the same results as alone. If it raises, no stream has changed.

        A look-ahead is the audio after the chunk, as far as it has arrived. The stream's next chunks begin with it.
        """


class VisemeEngine(Protocol):
    """The engine interface of the scheduler, for one network or for several networks."""

    def run_together(
        self, streams: Sequence[Any], chunks: Sequence[bytes], lookaheads: Sequence[bytes], /
    ) -> Sequence[Sequence[VisemeEvent] | None]:
        """Run inference on a chunk of each stream, as if alone. Look-aheads are as for `NetworkEngine`.

        If it raises, no stream has changed. If the result of a stream is `None`, that stream has not changed.
        """


@dataclass(slots=True)
class Prediction:
    """The prediction for the audio of one message.

    Attributes:
        before: Mouth shape at the start of the audio.
        changes: Changes of the mouth shape: offset in milliseconds from the start of the audio, and the new shape.
            Sorted by offset.
        weights: Blend weights, with times from the start of the audio; `None` if there are none.
    """

    before: int | str
    changes: tuple[tuple[int, int | str], ...]
    weights: WeightRows | None = None

    def split(self, end_ms: int, start_ms: int) -> tuple[Prediction, Prediction]:
        """Split the prediction where one message ends and the next one begins.

        Args:
            end_ms: Frames that begin before this time belong to the first one.
            start_ms: Time from which the second one counts, at most 1 ms before that.
        """
        first = tuple([change for change in self.changes if change[0] < end_ms])
        second = tuple([(offset - start_ms, shape) for offset, shape in self.changes[len(first) :]])
        weights = (None, None) if self.weights is None else self.weights.split(end_ms, start_ms)
        between = first[-1][1] if first else self.before
        return Prediction(self.before, first, weights[0]), Prediction(between, second, weights[1])

    @staticmethod
    def joined(parts: Sequence[tuple[int, Prediction]]) -> Prediction:
        """Join the predictions of the parts of a message.

        Args:
            parts: For each part the time in the stream at which it begins, in milliseconds, and its prediction. In
                order; at least one.
        """
        start_ms, first = parts[0]
        if len(parts) == 1:
            return first
        changes = [
            (offset + begin - start_ms, shape) for begin, part in parts for offset, shape in part.changes
        ]
        weights = [part.weights for _, part in parts if part.weights is not None]
        return Prediction(first.before, tuple(changes), WeightRows.joined(weights) if weights else None)


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
        chunks: The next audio of each stream.
        lookaheads: The audio after each chunk, as far as it has arrived.

    Returns:
        The prediction of each stream; `None` for a stream that failed, which does not affect the others.
    """
    starts = [(stream.viseme, stream.time_ms) for stream in streams]
    found = run_each(engine, streams, chunks, lookaheads)
    predictions: list[Prediction | None] = []
    for stream, (before, start), events in zip(streams, starts, found, strict=True):
        if events is None:
            predictions.append(None)
            continue
        changes = tuple([(event.time_ms - start, event.viseme) for event in events])
        weights = stream.weights
        predictions.append(Prediction(before, changes, None if weights is None else weights.moved(-start)))
    return predictions


def run_each(
    engine: VisemeEngine,
    streams: Sequence[VisemeStream],
    chunks: Sequence[bytes],
    lookaheads: Sequence[bytes],
) -> Sequence[Sequence[VisemeEvent] | None]:
    """Run inference on all streams together, or on each one separately if that raises.

    Returns:
        The changes of each stream; `None` for a stream that failed, which is logged.
    """
    try:
        return engine.run_together(streams, chunks, lookaheads)
    except Exception as error:
        if len(streams) > 1:
            each = zip(streams, chunks, lookaheads, strict=True)
            return [run_each(engine, [s], [chunk], [ahead])[0] for s, chunk, ahead in each]
        logger.exception("viseme prediction failed", exc_info=error)
        return [None]
