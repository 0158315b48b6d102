"""The engine: one model and one viseme set, shared by any number of streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from mascot_visemes.audio import Encoding, checked_rate
from mascot_visemes.blending import Blender, BlendTable
from mascot_visemes.calibration import column_factors
from mascot_visemes.decode import Decoder, DecoderTable
from mascot_visemes.errors import StreamsError
from mascot_visemes.events import V_co, VisemeEvent
from mascot_visemes.shapes import Shapes, shape_set
from mascot_visemes.stream import LOOKAHEAD_MS, Stream, accept_together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mascot_visemes.audio import Chunk
    from mascot_visemes.network import DecoderSettings, Network
    from mascot_visemes.shapes import ShapeSet


class _Tables(NamedTuple):
    """Constants of one viseme set, shared by all streams.

    Attributes:
        shapes: The set.
        settings: Of its decoder.
        decoder: For its events.
        blend: For its weights.
    """

    shapes: ShapeSet
    settings: DecoderSettings
    decoder: DecoderTable
    blend: BlendTable

    @classmethod
    def of(cls, network: Network, shapes: ShapeSet) -> _Tables:
        settings = network.decoder(shapes)
        decoder = DecoderTable(network.labels, shapes, settings)
        return cls(shapes, settings, decoder, BlendTable(shapes, decoder.factors, settings.silence_db))

    def has_events_of(self, other: _Tables) -> bool:
        """Return whether the decoder returns the same events as that of another set."""
        return self.shapes.phones == other.shapes.phones and self.settings == other.settings


class Engine(Generic[V_co]):
    """Predicts visemes. Thread-safe; made by `mascot_visemes.load`, which hands the same one to all who ask.

    To a type checker it is generic in its visemes: ``Engine[int]`` with ``shapes="sapi"``, ``Engine[str]`` with the
    other sets.
    """

    __slots__ = ("_network", "_shapes", "_tables", "_weights")

    def __init__(self, network: Network, shapes: ShapeSet) -> None:
        self._network = network
        self._shapes = shapes
        self._tables = _Tables.of(network, shapes)
        # By the set that weights are of; made when they are asked for.
        self._weights = {shapes.name: self._tables}

    def __repr__(self) -> str:
        return f"<Engine model={self.model!r} shapes={self.shapes!r}>"

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._network.name

    @property
    def network(self) -> str:
        """Name of the network that runs: that of `model`, unless models share one.

        Streams of engines with the same network can be run together.
        """
        return self._network.weights

    @property
    def shapes(self) -> str:
        """Name of the viseme set."""
        return self._shapes.name

    @property
    def visemes(self) -> tuple[V_co, ...]:
        """Every viseme that an event can carry; the first is silence."""
        visemes: tuple[V_co, ...] = self._shapes.ids  # type: ignore[assignment]  # ids of the set that V_co is of
        return visemes

    @property
    def blendshapes(self) -> tuple[str, ...]:
        """With ``shapes="arkit"`` the names of the columns of `weights`; empty for other sets."""
        return self._shapes.blendshapes

    @property
    def lookahead_ms(self) -> int:
        """How much audio after a chunk helps to decide the chunk's last frames, in ms; more of it is not used."""
        return LOOKAHEAD_MS

    def predict(self, pcm: Chunk, *, sample_rate: float) -> list[VisemeEvent[V_co]]:
        """Predict the visemes of a whole recording, as one chunk of a stream would give them.

        Args:
            pcm: Mono audio: bytes of little-endian PCM16, or an array of shape (n,), int16 or floats (-1..1).
            sample_rate: Samples per second, a whole number from 8000 to 48000.

        Returns:
            Changes of shape, sorted, from silence at 0 ms; the last closes the mouth where the audio ends.

        Raises:
            AudioError: The audio or its rate cannot be used.
        """
        stream = self.create_stream(sample_rate=sample_rate)
        return stream.accept_waveform(pcm) + stream.input_finished()

    def weights(
        self, pcm: Chunk, *, sample_rate: float, calibration: Mapping[str, float] | None = None
    ) -> NDArray[np.float32]:
        """Compute the blend weight of each viseme in each frame of a whole recording.

        What `Stream.weights` is after the recording was given in one chunk; there stands how the weights move and how
        they agree with the events of `predict`.

        Args:
            pcm: Mono audio, as for `predict`.
            sample_rate: Samples per second, 8000 to 48000.
            calibration: As for `create_stream`.

        Returns:
            Shape (frames, visemes), a row for each 10 ms begun and a column for each of `visemes`; rows sum to 1. With
            ``shapes="arkit"`` shape (frames, blendshapes): the poses of the visemes (`mascot_visemes.ARKIT_POSES`),
            mixed by these weights, coefficients 0..1 in the order of `blendshapes`.

        Raises:
            AudioError: The audio or its rate cannot be used.
            CalibrationError: The calibration cannot be used.
        """
        stream = self.create_stream(sample_rate=sample_rate, weights=True, calibration=calibration)
        stream.accept_waveform(pcm)
        return stream.weights

    def run_together(
        self,
        streams: Sequence[Stream[V_co]],
        chunks: Sequence[Chunk],
        lookaheads: Sequence[Chunk | None] | None = None,
    ) -> list[list[VisemeEvent[V_co]]]:
        """Hear the next chunk of each of several streams, which takes less time than one stream after the other.

        Every stream answers as in `Stream.accept_waveform`. Best are streams of one rate that get chunks of one length;
        but rates, encodings and lengths may be mixed.

        Args:
            streams: Different streams of this engine, or of others with the same `network`. They are this call's
                until it returns.
            chunks: For each of them, as for `Stream.accept_waveform`.
            lookaheads: For each of them the audio that follows the chunk, as for `Stream.accept_waveform`, or `None`
                where it is not known yet. `None` if it is known for no stream.

        Returns:
            For each stream what its `accept_waveform` would return.

        Raises:
            AudioError: A chunk or a look-ahead cannot be used; all streams are as before.
            StreamFinishedError: `input_finished` was called on one of the streams and `reset` was not; all streams
                are as before.
            StreamsError: There are not as many chunks or look-aheads as streams, a stream is given twice, or one is
                of another network.
        """
        if not all(self._network.shares_weights(stream._posteriors._network) for stream in streams):
            raise StreamsError("streams: one is of another network; run it with an engine of that network")
        return accept_together(streams, chunks, lookaheads)

    def create_stream(
        self,
        *,
        sample_rate: float,
        encoding: Encoding = "pcm16",
        weights: bool | Shapes = False,
        calibration: Mapping[str, float] | None = None,
    ) -> Stream[V_co]:
        """Open an independent stream. Its state takes 52 KB with `default`, 2 KB with `lite`.

        Args:
            sample_rate: Samples per second, a whole number from 8000 to 48000.
            encoding: What bytes mean: ``pcm16`` or ``float32`` (little-endian), ``mulaw`` or ``alaw`` (G.711).
            weights: Whether to compute `Stream.weights` beside the events; or the name of the viseme set whose weights
                to compute, whichever set the events are of. The network runs once either way.
            calibration: With weights of ``arkit``: for some of its blendshapes what to multiply their coefficients
                with, 0 or more. A name without ``Left`` and ``Right`` stands for both sides. Products above 1 become 1.

        Raises:
            SampleRateError: `sample_rate` is no whole number from 8000 to 48000.
            UnknownEncodingError: `encoding` is none of the four.
            UnknownShapesError: `weights` names no viseme set.
            CalibrationError: `calibration` names no blendshape of the set, has a factor that is negative or not
                finite, or comes without ``weights=True``.
        """
        rate = checked_rate(sample_rate)
        blender = self._blender(weights, calibration)
        table = self._tables.decoder
        return Stream(self._network, self._shapes, table, blender, sample_rate=rate, encoding=encoding)

    def _blender(
        self,
        weights: bool | Shapes,  # noqa: FBT001 - as for `create_stream`
        calibration: Mapping[str, float] | None,
    ) -> Blender | None:
        chosen = self._shapes if isinstance(weights, bool) else shape_set(weights)
        factors = column_factors(calibration, chosen, weights=weights is not False)
        if weights is False:
            return None
        # Two threads may both make them; all streams get those of the first.
        tables = self._weights.get(chosen.name) or self._weights.setdefault(
            chosen.name, _Tables.of(self._network, chosen)
        )
        decoder = None if tables.has_events_of(self._tables) else Decoder(tables.decoder)
        return Blender(tables.blend, factors, decoder)
