"""The mouth moves with what is heard: measured frame by frame against the browser's audio clock."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from browser.conftest import Playground

    Record = Callable[[str, object], None]

BOUND_MS = 40.0
PROVIDERS = ("elevenlabs", "openai", "gemini")


@dataclass(frozen=True)
class Span:
    """A stretch of audio time with one shape."""

    start_ms: float
    end_ms: float
    viseme: int


def wanted(payloads: Sequence[dict[str, Any]], starts: Sequence[dict[str, float]]) -> list[Span]:
    """What the mouth should show, when: each message's visemes where its audio was scheduled."""
    changes = [(-math.inf, 0)]
    told, end = 0, -math.inf
    for payload, start in zip(payloads, starts, strict=True):
        at = start["atMs"]
        if at - end > 1:
            changes.append((end, 0))
        changes.append((at, told))
        for viseme in payload["visemes"]:
            changes.append((at + viseme["offset"], viseme["visemeId"]))
            told = viseme["visemeId"]
        end = at + payload["audio_duration"]
    changes.append((end, 0))
    ends = [start for start, _ in changes[1:]] + [math.inf]
    return _merged(Span(start, end, viseme) for (start, viseme), end in zip(changes, ends, strict=True))


def _merged(spans: Iterator[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if span.end_ms <= span.start_ms:
            continue
        if merged and merged[-1].viseme == span.viseme:
            merged[-1] = Span(merged[-1].start_ms, span.end_ms, span.viseme)
        else:
            merged.append(span)
    return merged


def error_ms(spans: Sequence[Span], frame: dict[str, float]) -> float:
    """How far what a frame shows is from where it belongs: above 0 late, below 0 early, 0 right.

    The page looked at the clock while what was heard went from `fromMs` to `heardMs`.
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
    spans: Sequence[Span], frames: Sequence[dict[str, float]]
) -> Iterator[tuple[float, dict[str, float]]]:
    """For each change that was shown, how long after its moment in the audio the first frame with it came."""
    for before, now in pairwise(frames):
        if before["viseme"] == now["viseme"]:
            continue
        starts = [
            span.start_ms for span in spans if span.viseme == now["viseme"] and span.start_ms > -math.inf
        ]
        # None for a moment within those in which the page may have looked.
        lags = (
            now["fromMs"] - start if start < now["fromMs"] else min(0, now["heardMs"] - start)
            for start in starts
        )
        yield min(lags, key=abs), now


def judge(
    name: str, spans: Sequence[Span], frames: Sequence[dict[str, float]], artefacts: Path, record: Record
) -> None:
    """Holds the frames to the bound, and keeps the distribution."""
    during = [f for f in frames if spans[0].end_ms - 200 < f["heardMs"] < spans[-1].start_ms + 200]
    errors = [error_ms(spans, frame) for frame in during]
    shown = list(changes(spans, during))
    lags = [lag for lag, _ in shown]
    # A picture stands until the next one: where they come slowly, that is no fault of the clock.
    beyond = [max(0.0, abs(lag) - frame["passed"]) for lag, frame in shown]
    passed = [frame["passed"] for frame in during]
    quantiles = statistics.quantiles(lags, n=20, method="inclusive")
    figures = {
        "frames": len(during),
        "frame_ms_median": statistics.median(passed),
        "frame_ms_max": max(passed),
        "frames_right_share": sum(error == 0 for error in errors) / len(errors),
        "error_ms_max": max(map(abs, errors)),
        "changes": len(lags),
        "lag_ms_min": min(lags),
        "lag_ms_p5": quantiles[0],
        "lag_ms_median": statistics.median(lags),
        "lag_ms_p95": quantiles[-1],
        "lag_ms_max": max(lags),
        "lag_ms_max_beyond_a_frame": max(beyond),
    }
    figures = {key: round(value, 3) for key, value in figures.items()}
    (artefacts / f"sync-{name}.json").write_text(json.dumps(figures, indent=1))
    record(f"sync with {name}", json.dumps(figures))
    assert len(lags) >= 10, figures
    assert max(map(abs, errors)) <= BOUND_MS, figures
    assert max(beyond) <= BOUND_MS, figures


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_mouth_is_within_40_ms_of_what_is_heard(
    playground: Playground, artefacts: Path, record_property: Record, provider: str
) -> None:
    playground.choose(provider)
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    playground.wait_for_state("listening")
    payloads, starts = playground.wire.payloads(), playground.measured("starts")
    frames = playground.measured("frames")

    judge(provider, wanted(payloads, starts), frames, artefacts, record_property)
    # And what it shows is drawn: open lips for open sounds, none for a closed mouth at rest.
    opened = statistics.mean(frame["lips"] for frame in frames if frame["viseme"] in {2, 9, 11})
    closed = statistics.mean(frame["lips"] for frame in frames if frame["viseme"] == 21)
    assert opened > 3 * closed
    assert frames[-1]["viseme"] == 0


def test_so_is_it_to_a_dropped_recording(
    playground: Playground, artefacts: Path, record_property: Record, ferry: Path
) -> None:
    with playground.page.expect_response("**/api/visemes*") as answered:
        playground.drop(ferry)
    playground.wait_for_state("file")
    playground.wait_for_state("closed")
    (start,) = playground.measured("starts")
    payload = {"visemes": answered.value.json(), "audio_duration": start["durationMs"]}

    spans = wanted([payload], [start])
    judge("recording", spans, playground.measured("frames"), artefacts, record_property)
