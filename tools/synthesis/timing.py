"""Check phone times against the audio: ``python -m tools.synthesis.timing DIR``.

One line for each corpus in DIR. Positive figures mean that the audio is later than the label.

- ``lag``: the shift of the labels at which they explain most of the variance of the level in three bands.
- ``s on``, ``s off``: where the level above 4 kHz crosses the middle between an S or SH and the vowel beside it.
- ``close``: where the level after a vowel falls through the middle towards that of a P, T or K.
- ``open``: where it rises again in the vowel after a B, D or G, or after a silence.
- ``silence``: level in silences, and ``vowels`` in vowels, dB below full scale.

Medians in ms, with the part of all boundaries that lie within 20 ms of the crossing.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_VOWELS = frozenset(
    {*("AA", "AE", "AH", "AO", "AW", "AX", "AY", "EH"), *("ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")}
)
_KINDS = {
    "s on": (_VOWELS, frozenset({"S", "SH"}), "high"),
    "s off": (frozenset({"S", "SH"}), _VOWELS, "high"),
    "close": (_VOWELS, frozenset({"P", "T", "K"}), "all"),
    "open": (frozenset({"B", "D", "G", "SIL"}), _VOWELS, "all"),
}
_BANDS = {"low": (80, 1000), "mid": (1000, 4000), "high": (4000, 7800), "all": (80, 7800)}
_REACH_MS = 60  # search range for the crossing around a boundary
_SMOOTH_MS = 8


def levels(samples: NDArray[np.float64], rate: int) -> dict[str, NDArray[np.float64]]:
    """Return the level of each band in dB, once per millisecond, centred."""
    hop = rate // 1000
    result = {}
    for name, band in _BANDS.items():
        filtered = sosfiltfilt(butter(4, band, "bandpass", fs=rate, output="sos"), samples)
        power = uniform_filter1d(filtered**2, _SMOOTH_MS * hop)[hop // 2 :: hop]
        result[name] = 10 * np.log10(power + 1e-9)
    return result


def crossings(phones: list[Any], level: dict[str, NDArray[np.float64]]) -> Iterable[tuple[str, float]]:
    """Yield kind and signed distance in ms (audio minus label) of each boundary that can be measured."""
    for (start, boundary, before), (_, end, after) in pairwise(phones):
        for kind, (left, right, band) in _KINDS.items():
            if before not in left or after not in right:
                continue
            first = max(round(start * 1000 / 2 + boundary * 500), round(boundary * 1000) - _REACH_MS)
            last = min(round(end * 500 + boundary * 500), round(boundary * 1000) + _REACH_MS)
            piece = level[band][first:last]
            if len(piece) < 10:  # noqa: PLR2004 - ms; too short to hold two levels
                continue
            third = len(piece) // 3
            # The minimum of a closure is somewhere in its half; for other kinds the ends show the two levels.
            a = np.median(piece[:third])
            b = piece[third:].min() if kind == "close" else np.median(piece[-third:])
            if abs(a - b) < 10:  # noqa: PLR2004 - dB; no step to measure
                continue
            above = (piece > (a + b) / 2) == (b > a)
            yield kind, float(np.argmax(above)) + first - boundary * 1000


def lag_ms(utterances: list[tuple[list[Any], dict[str, NDArray[np.float64]]]]) -> int:
    """Return the shift of the labels, in ms, at which they explain most variance of the three bands."""
    edge, step = 80, 3  # ms; the step shares no divisor with the 5 ms on which some synthesisers place phones
    # Level i is that of the time i + 0.5 ms.
    times, values, offset = [], [], 0.0
    ends, labels = [], []
    for phones, level in utterances:
        bands = np.stack([level[name] for name in ("low", "mid", "high")], axis=1)
        centres = np.arange(edge, len(bands) - edge, step)
        times.append(centres + 0.5 + offset)
        values.append(np.maximum(bands[centres], -80))
        ends.append(np.array([p[1] for p in phones]) * 1000 + offset)
        labels += [p[2] for p in phones]
        offset = ends[-1][-1]
    x, time, end = np.concatenate(values), np.concatenate(times), np.concatenate(ends)
    x -= x.mean(axis=0)
    _, label = np.unique(labels, return_inverse=True)

    def explained(lag: int) -> float:
        which = label[np.minimum(np.searchsorted(end, time - lag, side="right"), len(label) - 1)]
        counts = np.maximum(np.bincount(which), 1)
        return sum(float((np.bincount(which, band) ** 2 / counts).sum()) for band in x.T)

    return max(range(-60, 61), key=explained)


def report(listing: Path, most: int = 150) -> str:
    """Return one line of figures for the first `most` utterances of a corpus."""
    found: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    loud: dict[str, list[float]] = {"silence": [], "vowels": []}
    utterances = []
    for line in listing.read_text(encoding="utf-8").splitlines()[:most]:
        item = json.loads(line)
        samples, rate = soundfile.read(listing.parent / item["audio"])
        level = levels(samples, rate)
        utterances.append((item["phones"], level))
        for kind, distance in crossings(item["phones"], level):
            found[kind].append(distance)
        for start, end, phone in item["phones"]:
            kind = "silence" if phone == "SIL" else "vowels" if phone in _VOWELS else ""
            middle = level["all"][round(start * 1000) : round(end * 1000)]
            if kind and len(middle):
                loud[kind].append(float(np.median(middle)))
    figures = [f"{listing.stem}: lag {lag_ms(utterances):+d} ms"]
    for kind, distances in found.items():
        if distances:
            d = np.array(distances)
            near = np.mean(np.abs(d) <= 20)  # noqa: PLR2004 - ms
            figures.append(f"{kind} {np.median(d):+.0f} ms ({near:.0%} of {len(d)})")
    figures += [f"{kind} {np.median(values):.0f} dB" for kind, values in loud.items() if values]
    return ", ".join(figures)


def main() -> None:
    """Print a report on every corpus of a folder."""
    p = argparse.ArgumentParser(
        prog="python -m tools.synthesis.timing", description=__doc__.partition("\n")[0]
    )
    p.add_argument("folder", type=Path, help="folder with <corpus>.jsonl files and their audio")
    for listing in sorted(p.parse_args().folder.glob("*.jsonl")):
        print(report(listing), flush=True)


if __name__ == "__main__":
    main()
