"""The engine: one model and one viseme set, shared by any number of streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_visemes.audio import Encoding, checked_rate
from mascot_visemes.decode import DecoderTable
from mascot_visemes.stream import Stream, VisemeEvent

if TYPE_CHECKING:
    from mascot_visemes.audio import Chunk
    from mascot_visemes.network import Network
    from mascot_visemes.shapes import ShapeSet


class Engine:
    """Predicts visemes. Thread-safe; made by `mascot_visemes.load`, which hands the same one to all who ask."""

    __slots__ = ("_network", "_shapes", "_table")

    def __init__(self, network: Network, shapes: ShapeSet) -> None:
        self._network = network
        self._shapes = shapes
        self._table = DecoderTable(network.labels, shapes, network.decoder(shapes))

    def __repr__(self) -> str:
        return f"<Engine model={self.model!r} shapes={self.shapes!r}>"

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._network.name

    @property
    def shapes(self) -> str:
        """Name of the viseme set."""
        return self._shapes.name

    @property
    def visemes(self) -> tuple[int, ...] | tuple[str, ...]:
        """Every viseme that an event can carry; the first is silence."""
        return self._shapes.ids

    def predict(self, pcm: Chunk, *, sample_rate: int) -> list[VisemeEvent]:
        """Visemes of a whole recording, as one chunk of a stream would give them.

        Args:
            pcm: Mono audio: bytes of little-endian PCM16, or an array of shape (n,), int16 or float32 (-1..1).
            sample_rate: Samples per second, 8000 to 48000.

        Returns:
            Changes of shape, sorted, from silence at 0 ms; the last closes the mouth where the audio ends.

        Raises:
            AudioError: The audio or its rate cannot be used.
        """
        stream = self.create_stream(sample_rate=sample_rate)
        return stream.accept_waveform(pcm) + stream.input_finished()

    def create_stream(self, *, sample_rate: int, encoding: Encoding = "pcm16") -> Stream:
        """A stream of its own: cheap, a few kilobytes of state.

        Args:
            sample_rate: Samples per second, 8000 to 48000.
            encoding: What bytes mean: ``pcm16`` or ``float32`` (little-endian), ``mulaw`` or ``alaw`` (G.711).

        Raises:
            SampleRateError: `sample_rate` is no whole number from 8000 to 48000.
            UnknownEncodingError: `encoding` is none of the four.
        """
        rate = checked_rate(sample_rate)
        return Stream(self._network, self._shapes, self._table, sample_rate=rate, encoding=encoding)
