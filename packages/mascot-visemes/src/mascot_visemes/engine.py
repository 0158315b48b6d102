"""The engine: one model and one viseme set, shared by any number of streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.audio import Encoding, SampleReader, checked_rate
from mascot_visemes.decode import DecoderTable
from mascot_visemes.features import frames_begun
from mascot_visemes.posteriors import PosteriorStream, listen
from mascot_visemes.stream import BLOCK_SECONDS, Stream, VisemeEvent, accept_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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

    @property
    def blendshapes(self) -> tuple[str, ...]:
        """With ``shapes="arkit"`` the names of the columns of `weights`; empty for other sets."""
        return self._shapes.blendshapes

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

    def weights(self, pcm: Chunk, *, sample_rate: int) -> NDArray[np.float32]:
        """How much of each viseme there is in each frame of a whole recording, for blending rather than switching.

        These are the network's posteriors summed by viseme, before the decoder's biases and prices; frames that the
        silence gate closes are silence alone.

        Args:
            pcm: Mono audio: bytes of little-endian PCM16, or an array of shape (n,), int16 or float32 (-1..1).
            sample_rate: Samples per second, 8000 to 48000.

        Returns:
            Shape (frames, visemes), a row for each 10 ms begun and a column for each of `visemes`; rows sum to 1. With
            ``shapes="arkit"`` shape (frames, blendshapes): the poses of the visemes (`mascot_visemes.ARKIT_POSES`),
            mixed by these shares, coefficients 0..1 in the order of `blendshapes`.

        Raises:
            AudioError: The audio or its rate cannot be used.
        """
        rate = checked_rate(sample_rate)
        reader = SampleReader("pcm16")
        raw = reader.read(pcm)
        stream = PosteriorStream(self._network, rate)
        result = np.empty((frames_begun(len(raw), rate), self._table.columns), np.float32)
        block = BLOCK_SECONDS * rate
        done = 0
        for start in range(0, len(raw), block):
            part = raw[start : start + block]
            samples = np.empty((1, len(part)), np.float32)
            reader.floats(part, samples[0])
            edge = start + block >= len(raw)
            heard = listen([([stream], samples)], edge=edge)[0]
            result[done : stream.decided] = self._table.weights(heard.posteriors[0], heard.levels[0])
            done = stream.decided
        return result

    def run_together(self, streams: Sequence[Stream], chunks: Sequence[Chunk]) -> list[list[VisemeEvent]]:
        """Hear the next chunk of each of several streams, which takes less time than one stream after the other.

        Every stream answers as in `Stream.accept_waveform`. Best are streams of one rate that get chunks of one length;
        but rates, encodings and lengths may be mixed.

        Args:
            streams: Different streams of this engine. They are this call's until it returns.
            chunks: For each of them, as for `Stream.accept_waveform`.

        Returns:
            For each stream what its `accept_waveform` would return.

        Raises:
            AudioError: One of the chunks cannot be used; all streams are as before.
            StreamFinishedError: `input_finished` was called on one of the streams and `reset` was not; all streams
                are as before.
            ValueError: There are not as many chunks as streams, a stream is given twice, or one is another engine's.
        """
        if any(stream._decoder.table is not self._table for stream in streams):
            raise ValueError("streams: one is another engine's; run it with that engine")
        return accept_together(streams, chunks)

    def create_stream(self, *, sample_rate: int, encoding: Encoding = "pcm16") -> Stream:
        """A stream of its own: its state is all that it holds, 206 KB with `default`, 2 KB with the other models.

        Args:
            sample_rate: Samples per second, 8000 to 48000.
            encoding: What bytes mean: ``pcm16`` or ``float32`` (little-endian), ``mulaw`` or ``alaw`` (G.711).

        Raises:
            SampleRateError: `sample_rate` is no whole number from 8000 to 48000.
            UnknownEncodingError: `encoding` is none of the four.
        """
        rate = checked_rate(sample_rate)
        return Stream(self._network, self._shapes, self._table, sample_rate=rate, encoding=encoding)
