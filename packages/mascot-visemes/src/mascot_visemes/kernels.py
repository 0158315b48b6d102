"""Compiled kernels for loops that are slow in numpy; `None` if this installation has none.

They are compiled when the package is built, if there is a C compiler (`hatch_build.py`). Without them everything works
the same at a higher cost: `features.py` and `decode.py` contain the same computations in numpy. The environment
variable ``MASCOT_KERNELS=0`` selects numpy.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["KERNELS", "Kernels"]


class Kernels(Protocol):
    """The compiled functions. All arrays are contiguous."""

    def analyse(  # noqa: PLR0917 - C functions take arguments by position
        self,
        samples: NDArray[np.float32],
        starts: NDArray[np.int64],
        streams: int,
        window: NDArray[np.float32],
        turns: NDArray[np.float32],
        bins: int,
        spans: NDArray[np.int32],
        weights: NDArray[np.float32],
        bands: NDArray[np.float32],
        levels: NDArray[np.float32],
        /,
    ) -> None:
        """Write the log-mel bands and the levels of windows of audio, as `FrontEnd` describes them.

        Args:
            samples: Audio of the streams, shape (streams, n).
            starts: First sample of each window, the same for every stream, shape (frames,).
            streams: How many streams.
            window: Weight of each sample of a window, shape (length,).
            turns: Real and imaginary parts of ``exp(-2 pi i k / length)``, shape (2, length).
            bins: Bins of the spectrum that are used, from 0 Hz on.
            spans: First bin of each band, and the one after its last, shape (carried bands, 2).
            weights: Weights of these bins, one band after the other.
            bands: Where the bands go, shape (streams, frames, BANDS).
            levels: Where the levels go, shape (streams, frames).
        """

    def scores(  # noqa: PLR0917 - C functions take arguments by position
        self,
        shares: NDArray[np.float32],
        levels: NDArray[np.float32],
        streams: int,
        smallest: NDArray[np.float32],
        edge_bias: NDArray[np.float32],
        edge_frames: int,
        silence_db: float,
        scores: NDArray[np.float32],
        /,
    ) -> None:
        """Write the scores of frames, shape (streams, frames, visemes), as `DecoderTable.scores` describes them."""

    def clear_closures(
        self,
        shares: NDArray[np.float32],
        streams: int,
        decided: int,
        is_closure: NDArray[np.bool_],
        lead: float,
        /,
    ) -> list[tuple[int, int, int]]:
        """Return the clear closures in the first `decided` frames, as `DecoderTable.missed` does."""

    def best_paths(
        self, scores: NDArray[np.float32], current: NDArray[np.int32], costs: NDArray[np.float64], /
    ) -> list[list[tuple[int, int]]]:
        """Return the changes of the best path of each stream, as `decode.best_paths` does."""


def _load() -> Kernels | None:
    if os.environ.get("MASCOT_KERNELS") == "0":
        return None
    try:
        # A compiled module, which type checkers cannot see and which may be missing.
        from mascot_visemes import _kernels  # type: ignore[attr-defined]  # noqa: PLC0415
    except ImportError:
        return None
    kernels: Kernels = _kernels
    return kernels


KERNELS = _load()
