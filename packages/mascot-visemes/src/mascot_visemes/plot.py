"""Draw the waveform, the spectrogram and the visemes of a recording over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mascot_visemes.errors import OutputError
from mascot_visemes.extras import require
from mascot_visemes.formats import cues

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mascot_visemes.formats import Track

    Floats = NDArray[np.float32]

LONGEST_SECONDS = 60
_WINDOW_SECONDS, _HOP_SECONDS = 0.025, 0.005
_HIGHEST_HZ = 8000
_RANGE_DB = 70


class Plot:
    """Collect the samples of a recording while it is processed, and draw them.

    Args:
        path: The image file to write. Its extension determines the format.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """

    def __init__(self, path: str) -> None:
        self._figure = require("matplotlib.figure", "--plot").Figure
        self._path = path
        self._rate = 0
        self._kept: list[Floats] = []

    def keep(self, blocks: Iterator[Floats], rate: int) -> Iterator[Floats]:
        """Yield the blocks unchanged, and keep the samples of the first ``LONGEST_SECONDS`` seconds."""
        self._rate = rate
        missing = LONGEST_SECONDS * rate
        for block in blocks:
            if missing:
                self._kept.append(block[:missing])
                missing -= len(self._kept[-1])
            yield block

    def draw(self, track: Track, visemes: Sequence[int | str]) -> None:
        """Write the image.

        Args:
            track: The visemes of the recording.
            visemes: All visemes of the set, in the order of the rows.

        Raises:
            OutputError: The image cannot be written.
        """
        samples = np.concatenate(self._kept)
        seconds = len(samples) / self._rate
        figure = self._figure(figsize=(min(40.0, max(8.0, 3.0 * seconds)), 8.0), layout="constrained")
        wave, spectrum, mouth = figure.subplots(3, 1, sharex=True, height_ratios=(1, 2, 2))
        wave.plot(np.arange(len(samples)) / self._rate, samples, linewidth=0.4, color="black")
        wave.set(ylim=(-1, 1), ylabel="amplitude", title=f"{Path(track.audio).name}: {track.shapes} visemes")
        self._draw_spectrogram(spectrum, samples)
        self._draw_visemes(mouth, track, visemes)
        mouth.set(xlim=(0, seconds), xlabel="seconds", ylabel="viseme")
        try:
            figure.savefig(self._path, dpi=100)
        except (OSError, ValueError) as error:
            raise OutputError(self._path, str(error)) from error

    def _draw_spectrogram(self, axes: Any, samples: Floats) -> None:
        length, hop = int(_WINDOW_SECONDS * self._rate), int(_HOP_SECONDS * self._rate)
        padded = np.pad(samples, length // 2)
        windows = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
        power = np.abs(np.fft.rfft(windows * np.hanning(length).astype(np.float32), axis=1)) ** 2
        bins = min(power.shape[1], _HIGHEST_HZ * length // self._rate + 1)
        level = 10.0 * np.log10(power[:, :bins].T + 1e-10)
        top = float(level.max())
        extent = (0.0, len(windows) * hop / self._rate, 0.0, (bins - 1) * self._rate / length)
        axes.imshow(
            level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=top - _RANGE_DB, vmax=top
        )
        axes.set(ylabel="Hz")

    def _draw_visemes(self, axes: Any, track: Track, visemes: Sequence[int | str]) -> None:
        row = {viseme: i for i, viseme in enumerate(visemes)}
        held = [cue for cue in cues(track) if cue.start_ms < 1000 * LONGEST_SECONDS]
        axes.barh(
            [row[cue.viseme] for cue in held],
            [(cue.end_ms - cue.start_ms) / 1000 for cue in held],
            left=[cue.start_ms / 1000 for cue in held],
            height=0.9,
        )
        axes.set_yticks(range(len(visemes)), [str(viseme) for viseme in visemes])
        axes.invert_yaxis()
        axes.grid(axis="y", linewidth=0.3)
        axes.set_axisbelow(True)
