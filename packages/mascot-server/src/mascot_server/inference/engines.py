"""The inference engines of the viseme models of the API."""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

import mascot_visemes
from mascot_server.inference.capacity import Capacity
from mascot_server.inference.inference_times import InferenceTimes
from mascot_server.inference.jobs import Track
from mascot_server.inference.live_streams import LiveEngine
from mascot_server.inference.viseme_sets import VISEME_SHAPES, VisemeSets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.capacity import Networks
    from mascot_server.inference.silence import NetworkStream
    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.observability.metrics import Metrics
    from mascot_server.providers.codec import AudioFormat

__all__ = ["Engines"]

_RATE: Final = 24_000
_CHUNK_SECONDS: Final = 0.1
_SIZES: Final = (1, 8)
_ROUNDS: Final = 3


class Engines:
    """The viseme models of this server, loaded at start so that no conversation waits for one.

    Args:
        networks: Networks of mascot-visemes by viseme model, as returned by `live_networks`.
        metrics: Metrics that count turns.

    Attributes:
        capacity: Decides which network a turn uses.
    """

    def __init__(self, networks: Mapping[VisemeModel, Networks], *, metrics: Metrics) -> None:
        self._networks = networks
        names = sorted({name for pair in networks.values() for name in pair})
        # Viseme sets share the network of their model: each further set costs milliseconds and some hundred bytes.
        engines = {
            name: [mascot_visemes.load(name, shapes=shapes) for shapes in VISEME_SHAPES] for name in names
        }
        # Models that differ in their decoder only share a network as well.
        network_of = {name: found[0].network for name, found in engines.items()}
        by_network = {network_of[name]: found[0] for name, found in engines.items()}
        times = InferenceTimes(
            {network: _measured(engine) for network, engine in by_network.items()},
            seconds=_CHUNK_SECONDS,
            network_of=network_of,
        )
        self.capacity = Capacity(times)
        self._lookahead_ms = max(engine.lookahead_ms for engine in by_network.values())
        self._engine = LiveEngine(
            by_network,
            _open_stream,
            network_of=network_of,
            capacity=self.capacity,
            metrics=metrics,
        )

    def open_stream(self, model: VisemeModel, sets: VisemeSets, audio_format: AudioFormat) -> Track:
        """Create the stream of a turn for a viseme model, with visemes and weights of the requested sets."""
        return Track(
            self._engine,
            self._engine.open_stream(self._networks[model], sets, audio_format),
            bytes_per_second=audio_format.bytes_per_second,
            lookahead=audio_format.size(self._lookahead_ms),
        )


def _open_stream(network: str, sets: VisemeSets, audio_format: AudioFormat) -> NetworkStream:
    return mascot_visemes.load(network, shapes=sets.shapes).create_stream(
        sample_rate=audio_format.sample_rate,
        encoding=audio_format.encoding,
        weights=sets.weights or False,
    )


@cache
def _measured(engine: mascot_visemes.Engine[int]) -> dict[int, float]:
    """Return the seconds that one call of a network takes, by batch size: the first estimates of a process."""
    noise = (
        np.random.default_rng(0).integers(-3000, 3000, int(_RATE * _CHUNK_SECONDS)).astype("<i2").tobytes()
    )
    times = {}
    for size in _SIZES:
        streams = [engine.create_stream(sample_rate=_RATE) for _ in range(size)]
        rounds = []
        for _ in range(_ROUNDS):
            began = perf_counter()
            engine.run_together(streams, [noise] * size)
            rounds.append(perf_counter() - began)
        # The minimum, because other work on the machine only makes a call slower.
        times[size] = min(rounds)
    return times
