"""Moving estimates of the inference time on this machine, for each network and batch size."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FULL_BATCH", "InferenceTimes"]

FULL_BATCH: Final = 16
"""Batch size of a busy process. The cost of a network at this size determines how many streams it can serve."""

_SIZES: Final = (1, 2, 4, 8, 16, 32)
"""Batch sizes with an estimate of their own. Other sizes count as the next smaller one."""

_WEIGHT: Final = 0.1
"""Weight of a measurement in the estimates for all batch sizes of its network: the speed of the machine may change."""

_OWN_WEIGHT: Final = 0.02
"""Weight of a measurement in the estimate for its own batch size, relative to the other sizes."""

_FACTOR: Final = 2.0
"""Largest factor by which a measurement may differ from its estimate, to limit outliers of an interrupted process."""


class InferenceTimes:
    """Moving estimates of the time that inference takes.

    Args:
        measured: For each network the seconds that one call takes, by batch size, for streams of `seconds` each. At
            least two sizes; other sizes are interpolated and extrapolated linearly from the smallest and the largest.
        seconds: Audio of each stream in such a call.
        network_of: Network of each model of mascot-visemes, where their names differ.
    """

    def __init__(
        self,
        measured: Mapping[str, Mapping[int, float]],
        *,
        seconds: float,
        network_of: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._network_of = network_of
        self._costs = {network: _line(calls, seconds) for network, calls in measured.items()}

    def cost(self, model: str, streams: int = FULL_BATCH) -> float:
        """Return the seconds of inference for one second of audio.

        Args:
            model: Name of the model or of its network.
            streams: Batch size.
        """
        return self._costs[self._network_of.get(model, model)][_place(streams)]

    def note(self, network: str, *, streams: int, audio: float, took: float) -> None:
        """Update the estimates with a measurement.

        Args:
            network: Name of the network.
            streams: Streams that were processed in one call.
            audio: Total seconds of audio of all streams; above 0.
            took: Seconds that the call took.
        """
        costs, own = self._costs[network], _place(streams)
        relative = min(max(took / audio / costs[own], 1 / _FACTOR), _FACTOR) - 1
        costs[own] *= 1 + _OWN_WEIGHT * relative
        for place in range(len(_SIZES)):
            costs[place] *= 1 + _WEIGHT * relative


def _place(streams: int) -> int:
    return min(max(streams, 1).bit_length(), len(_SIZES)) - 1


def _line(calls: Mapping[int, float], seconds: float) -> list[float]:
    """Return the cost of a second of audio at each of `_SIZES`."""
    least, most = min(calls), max(calls)
    # More streams never take less time, even if a disturbed measurement shows it.
    slope = max(0.0, (calls[most] - calls[least]) / (most - least))
    return [
        max(calls[least] + slope * (size - least), calls[least] / least) / (size * seconds) for size in _SIZES
    ]
