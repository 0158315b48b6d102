"""The mouth moves with what is heard: measured frame by frame against the browser's audio clock."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

import pytest
from support.mouth_sync import figures_of, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from browser.conftest import Playground
    from support.mouth_sync import Span

    Record = Callable[[str, object], None]

BOUND_MS = 40.0
PROVIDERS = ("elevenlabs", "openai", "gemini")


def judge(
    name: str, spans: Sequence[Span], frames: Sequence[dict[str, float]], artefacts: Path, record: Record
) -> None:
    """Holds the frames to the bound, and keeps the distribution."""
    figures = figures_of(spans, frames)
    (artefacts / f"sync-{name}.json").write_text(json.dumps(figures, indent=1))
    record(f"sync with {name}", json.dumps(figures))
    assert figures["changes"] >= 10, figures
    assert figures["error_ms_max"] <= BOUND_MS, figures
    assert figures["lag_ms_max_beyond_a_frame"] <= BOUND_MS, figures


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
    payload = {**answered.value.json(), "audio_duration": start["durationMs"]}

    spans = wanted([payload], [start])
    judge("recording", spans, playground.measured("frames"), artefacts, record_property)
