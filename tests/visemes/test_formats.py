"""Every format, read back by other means than it was written with."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mascot_visemes as mv
from mascot_visemes.formats import FORMATS, Cue, Track, cues

VISEMES = mv.load(shapes="rhubarb").visemes


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """What a stream can say: frames of 10 ms, shapes that differ, a mouth closed where the audio ends."""
    samples = draw(st.integers(1, 16 * 5000))
    floor, ceiling = samples // 16, -(-samples // 16)
    frames = draw(st.sets(st.integers(0, (samples - 1) // 160), max_size=30))
    shape: int | str = "X"
    events = []
    for frame in sorted(frames):
        shape = draw(st.sampled_from([v for v in VISEMES if v != shape]))
        events.append(mv.VisemeEvent(frame * 10, shape))
    if shape != "X":
        events.append(mv.VisemeEvent(max(floor, events[-1].time_ms + 1), "X"))
    return Track('a "b".wav', "default", "rhubarb", "X", ceiling, events)


@given(track=tracks())
def test_cues_cover_the_audio_without_gaps(track: Track) -> None:
    held = cues(track)
    assert held[0].start_ms == 0
    assert held[-1].end_ms == track.duration_ms
    for before, after in pairwise(held):
        assert before.end_ms == after.start_ms
        assert before.viseme != after.viseme
    assert all(cue.start_ms < cue.end_ms for cue in held)
    # At any time before the audio's last millisecond the cue is the last event's shape.
    for ms in range(0, track.duration_ms - 1, 7):
        shape = next((e.viseme for e in reversed(track.events) if e.time_ms <= ms), "X")
        assert next(c.viseme for c in held if c.start_ms <= ms < c.end_ms) == shape


def from_json(text: str) -> list[Cue]:
    return [Cue(c["start_ms"], c["end_ms"], c["viseme"]) for c in json.loads(text)["cues"]]


def from_csv(text: str) -> list[Cue]:
    rows = csv.DictReader(io.StringIO(text))
    return [Cue(int(row["start_ms"]), int(row["end_ms"]), row["viseme"]) for row in rows]


def from_webvtt(text: str) -> list[Cue]:
    header, *blocks = text.removesuffix("\n").split("\n\n")
    assert header == "WEBVTT"
    found = []
    for block in blocks:
        match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})\n(\S+)", block)
        assert match
        a, b, c, d, e, f, g, h = map(int, match.groups()[:8])
        found.append(Cue(((a * 60 + b) * 60 + c) * 1000 + d, ((e * 60 + f) * 60 + g) * 1000 + h, match[9]))
    return found


def from_textgrid(text: str) -> list[Cue]:
    head, _, body = text.partition("intervals: size = ")
    size, _, rest = body.partition("\n")
    found = re.findall(r"intervals \[(\d+)\]:\s+xmin = (\S+)\s+xmax = (\S+)\s+text = \"(.*)\"", rest)
    assert [int(n) for n, *_ in found] == list(range(1, int(size) + 1))
    held = [Cue(round(float(a) * 1000), round(float(b) * 1000), text) for _, a, b, text in found]
    assert {float(x) for x in re.findall(r"xmax = (\S+)", head)} == {held[-1].end_ms / 1000}
    return held


READERS = {"json": from_json, "csv": from_csv, "webvtt": from_webvtt, "textgrid": from_textgrid}


@pytest.mark.parametrize("name", READERS)
@given(track=tracks())
def test_cues_survive_the_format(name: str, track: Track) -> None:
    assert READERS[name](FORMATS[name].text(track)) == cues(track)


@given(track=tracks())
def test_json_lines_are_the_events(track: Track) -> None:
    lines = [json.loads(line) for line in FORMATS["jsonl"].text(track).splitlines()]
    assert lines == [{"time_ms": e.time_ms, "viseme": e.viseme} for e in track.events]


@given(track=tracks())
def test_rhubarb_json(track: Track) -> None:
    text = FORMATS["rhubarb-json"].text(track)
    content = json.loads(text)
    held = cues(track)
    assert content["metadata"]["soundFile"] == track.audio
    assert content["metadata"]["duration"] == content["mouthCues"][-1]["end"]
    assert 0 <= content["metadata"]["duration"] - track.duration_ms / 1000 < 0.0101
    assert [c["value"] for c in content["mouthCues"]] == [c.viseme for c in held]
    assert [round(c["start"] * 1000) for c in content["mouthCues"]] == [c.start_ms for c in held]
    for before, after in pairwise(content["mouthCues"]):
        assert before["end"] == after["start"]
    assert all(c["start"] < c["end"] for c in content["mouthCues"])
    assert all(
        re.fullmatch(r"\d+\.\d\d", n) for n in re.findall(r'"(?:start|end|duration)": ([^ ,}\n]+)', text)
    )


@given(track=tracks())
def test_rhubarb_tsv(track: Track) -> None:
    *lines, last = [line.split("\t") for line in FORMATS["rhubarb-tsv"].text(track).splitlines()]
    assert [(round(float(start) * 1000), shape) for start, shape in lines] == [
        (c.start_ms, c.viseme) for c in cues(track)
    ]
    assert last[1] == "X"
    assert float(last[0]) >= track.duration_ms / 1000
    assert float(last[0]) > float(lines[-1][0])


def test_clock_of_long_recordings() -> None:
    track = Track("a.wav", "default", "sapi", 0, 3_723_004, [mv.VisemeEvent(3_661_010, 7)])
    assert "01:01:01.010 --> 01:02:03.004\n7" in FORMATS["webvtt"].text(track)
