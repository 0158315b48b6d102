"""Which engine serves which viseme model of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mascot_visemes
from mascot_server.inference.deadline_queue import Track
from mascot_server.inference.silence import SilenceSkippingEngine, SilenceSkippingStream
from mascot_server.inference.viseme_sets import VISEME_SHAPES, VisemeSets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.providers.codec import AudioFormat

__all__ = ["Engines"]


class Engines:
    """The viseme models of this server, loaded at start so that no conversation waits for one.

    Args:
        networks: Network of mascot-visemes by viseme model, as from `live_networks`.
    """

    def __init__(self, networks: Mapping[VisemeModel, str]) -> None:
        # Sets share the network of their model: a further one costs milliseconds and some hundred bytes.
        self._engines = {
            (model, shapes): mascot_visemes.load(network, shapes=shapes)
            for model, network in networks.items()
            for shapes in VISEME_SHAPES
        }
        # Streams of one network run in one batch, whatever their decoders and sets.
        self._skipping = {engine.network: SilenceSkippingEngine(engine) for engine in self._engines.values()}

    def open_stream(self, model: VisemeModel, sets: VisemeSets, audio_format: AudioFormat) -> Track:
        """Make a stream of a model for audio of a format, with the visemes and weights of the sets asked for."""
        engine = self._engines[model, sets.shapes]
        stream = engine.create_stream(
            sample_rate=audio_format.sample_rate,
            encoding=audio_format.encoding,
            weights=sets.weights or False,
        )
        return Track(self._skipping[engine.network], SilenceSkippingStream(stream, audio_format))
