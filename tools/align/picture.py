"""Draw a spectrogram with phones below it, to check their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_SECONDS = 3.0
_BEFORE = 0.15  # seconds before the first phone


def draw(
    path: Path, title: str, samples: NDArray[np.int16], rate: int, phones: Sequence[tuple[float, float, str]]
) -> None:
    """Write a PNG of the first seconds of speech in a recording.

    Args:
        path: The PNG file.
        title: Text above the picture.
        samples: PCM16, shape (n,).
        rate: Samples a second.
        phones: (start s, end s, name).
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - needed for pictures alone

    begin = max(0.0, next((start for start, _, name in phones if name != "SIL"), 0.0) - _BEFORE)
    end = min(len(samples) / rate, begin + _SECONDS)
    # Digital silence has no logarithm.
    audio = samples[int(begin * rate) : int(end * rate)].astype(np.float64)
    audio += np.random.default_rng(1).normal(0.0, 0.3, len(audio))
    figure = Figure(figsize=(14, 4), dpi=75, layout="tight")
    axes = figure.subplots()
    axes.specgram(audio, NFFT=256, noverlap=192, Fs=rate, cmap="magma", vmin=-40, xextent=(begin, end))
    for start, stop, name in phones:
        if begin <= start < end:
            axes.axvline(start, color="cyan", linewidth=0.8)
            axes.text((start + min(stop, end)) / 2, -450, name, ha="center", fontsize=8)
    axes.set(title=title, xlim=(begin, end), ylim=(-700, 8000))
    figure.savefig(path)
