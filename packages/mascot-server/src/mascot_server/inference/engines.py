"""Which engine serves which viseme model of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mascot_visemes
from mascot_server.inference.deadline_queue import Track
from mascot_server.inference.silence import SilenceSkippingEngine, SilenceSkippingStream

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
        self._engines = {model: mascot_visemes.load(network) for model, network in networks.items()}
        self._skipping = {model: SilenceSkippingEngine(engine) for model, engine in self._engines.items()}

    def open_stream(self, model: VisemeModel, audio_format: AudioFormat) -> Track:
        """Makes a stream of a model for audio of a format."""
        engine = self._engines[model]
        stream = engine.create_stream(sample_rate=audio_format.sample_rate, encoding=audio_format.encoding)
        return Track(
            self._skipping[model],
            SilenceSkippingStream(stream, audio_format),
            lookahead=audio_format.size(engine.lookahead_ms),
        )
