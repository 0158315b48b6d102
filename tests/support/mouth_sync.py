"""Measure the timing of a mouth against its audio, from frames and the audio clock of a browser."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Span", "figures_of", "wanted"]


@dataclass(frozen=True)
class Span:
    """An interval of audio time with one shape."""

    start_ms: float
    end_ms: float
    viseme: int | str


def wanted(
    payloads: Sequence[dict[str, Any]],
    starts: Sequence[dict[str, float]],
    shape: Callable[[int | str], int | str] = lambda viseme: viseme,
) -> list[Span]:
    """Return the expected shapes with their times: each message's visemes at the time of its audio.

    Args:
        payloads: Payloads of the messages.
        starts: Start times of their audio on the audio clock.
        shape: Returns the mouth's shape for a viseme.
    """
    changes: list[tuple[float, int | str]] = [(-math.inf, 0)]
    told: int | str = 0
    end = -math.inf
    for payload, start in zip(payloads, starts, strict=True):
        at = start["atMs"]
        if at - end > 1:
            changes.append((end, 0))
        changes.append((at, told))
        for viseme in payload["visemes"]:
            told = viseme["viseme"] if "viseme" in viseme else viseme["visemeId"]
            changes.append((at + viseme["offset"], told))
        end = at + payload["audio_duration"]
    changes.append((end, 0))
    ends = [start for start, _ in changes[1:]] + [math.inf]
    return _merged(
        Span(start, end, shape(viseme)) for (start, viseme), end in zip(changes, ends, strict=True)
    )


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if span.end_ms <= span.start_ms:
            continue
        if merged and merged[-1].viseme == span.viseme:
            merged[-1] = Span(merged[-1].start_ms, span.end_ms, span.viseme)
        else:
            merged.append(span)
    return merged


def error_ms(spans: Sequence[Span], frame: dict[str, Any]) -> float:
    """Return the timing error of a frame: above 0 late, below 0 early, 0 correct.

    The page read the clock while playback went from `fromMs` to `heardMs`.
    """
    own = [span for span in spans if span.viseme == frame["viseme"]]
    if any(span.start_ms <= frame["heardMs"] and frame["fromMs"] < span.end_ms for span in own):
        return 0.0
    late = min(
        (frame["fromMs"] - span.end_ms for span in own if span.end_ms <= frame["fromMs"]), default=math.inf
    )
    early = min(
        (span.start_ms - frame["heardMs"] for span in own if span.start_ms > frame["heardMs"]),
        default=math.inf,
    )
    return late if late <= early else -early


def changes(
    spans: Sequence[Span], frames: Sequence[dict[str, Any]]
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield the delay of each shown change: from its time in the audio to the first frame with it."""
    for before, now in pairwise(frames):
        if before["viseme"] == now["viseme"]:
            continue
        starts = [
            span.start_ms for span in spans if span.viseme == now["viseme"] and span.start_ms > -math.inf
        ]
        # The delay is 0 within the time in which the page may have read the clock.
        lags = (
            now["fromMs"] - start if start < now["fromMs"] else min(0, now["heardMs"] - start)
            for start in starts
        )
        yield min(lags, key=abs), now


def figures_of(spans: Sequence[Span], frames: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the distributions of the delay of each change and of the error of each frame, in ms.

    Args:
        spans: The expected shapes.
        frames: Each frame: the shown `viseme`, the playback positions `fromMs` and `heardMs` before and after the page
            read the clock, and the time `passed` since the previous frame.
    """
    during = [f for f in frames if spans[0].end_ms - 200 < f["heardMs"] < spans[-1].start_ms + 200]
    errors = [error_ms(spans, frame) for frame in during]
    shown = list(changes(spans, during))
    lags = [lag for lag, _ in shown]
    # A frame stays until the next one; a low frame rate is not an error of the clock.
    beyond = [max(0.0, abs(lag) - frame["passed"]) for lag, frame in shown]
    passed = [frame["passed"] for frame in during]
    quantiles = statistics.quantiles(lags, n=20, method="inclusive")
    figures = {
        "frames": len(during),
        "frame_ms_median": statistics.median(passed),
        "frame_ms_max": max(passed),
        "frames_right_share": sum(error == 0 for error in errors) / len(errors),
        "error_ms_p95": statistics.quantiles(map(abs, errors), n=20, method="inclusive")[-1],
        "error_ms_max": max(map(abs, errors)),
        "changes": len(lags),
        "lag_ms_min": min(lags),
        "lag_ms_p5": quantiles[0],
        "lag_ms_median": statistics.median(lags),
        "lag_ms_p95": quantiles[-1],
        "lag_ms_max": max(lags),
        "lag_ms_max_beyond_a_frame": max(beyond),
    }
    return {key: round(value, 3) for key, value in figures.items()}
