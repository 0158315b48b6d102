"""Events as text, in the formats of the command.

JSON lines contain events. All other formats contain *cues*: visemes with a start and an end. The first cue starts at 0,
each cue starts at the end of the one before it, and the last cue ends with the audio.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mascot_visemes.events import VisemeEvent


@dataclass(frozen=True, slots=True)
class Track:
    """The visemes of one recording.

    Attributes:
        audio: The name of the recording.
        model: The name of the model.
        shapes: The name of the set of shapes.
        rest: The viseme of the closed mouth.
        duration_ms: The length in milliseconds, rounded up.
        events: The events. Before the first event the mouth is closed.
    """

    audio: str
    model: str
    shapes: str
    rest: int | str
    duration_ms: int
    events: Sequence[VisemeEvent]


@dataclass(frozen=True, slots=True)
class Cue:
    """A viseme with a start and an end.

    Attributes:
        start_ms: The start, in milliseconds from the start of the audio.
        end_ms: The end, later than the start.
        viseme: The viseme.
    """

    start_ms: int
    end_ms: int
    viseme: int | str


def cues(track: Track) -> list[Cue]:
    """Return the cues of a track: at least one, without gaps, and each viseme different from the one before."""
    starts, shapes = [0], [track.rest]
    for event in track.events:
        # The last event closes the mouth at the end of the audio, so its cue would have no duration.
        if event.time_ms >= track.duration_ms - 1:
            break
        if event.time_ms == 0:
            shapes[0] = event.viseme
        else:
            starts.append(event.time_ms)
            shapes.append(event.viseme)
    ends = [*starts[1:], max(1, track.duration_ms)]
    return [Cue(*cue) for cue in zip(starts, ends, shapes, strict=True)]


def json_line(event: VisemeEvent) -> str:
    """Return one event as one line of JSON."""
    return json.dumps({"time_ms": event.time_ms, "viseme": event.viseme}) + "\n"


def as_jsonl(track: Track) -> str:
    """Return one line of JSON per event."""
    return "".join(map(json_line, track.events))


def as_json(track: Track) -> str:
    """Return one JSON object with the recording, the model and the cues."""
    content = {
        "audio": track.audio,
        "model": track.model,
        "shapes": track.shapes,
        "duration_ms": track.duration_ms,
        "cues": [
            {"start_ms": cue.start_ms, "end_ms": cue.end_ms, "viseme": cue.viseme} for cue in cues(track)
        ],
    }
    return json.dumps(content) + "\n"


def as_csv(track: Track) -> str:
    """Return a header line and one line per cue (RFC 4180, but with LF line ends)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("start_ms", "end_ms", "viseme"))
    writer.writerows((cue.start_ms, cue.end_ms, cue.viseme) for cue in cues(track))
    return text.getvalue()


def as_rhubarb_json(track: Track) -> str:
    """Return the output format of ``rhubarb -f json``: seconds with two decimals."""
    shown = [
        f'    {{ "start": {start}, "end": {end}, "value": {json.dumps(viseme)} }}'
        for start, end, viseme in _hundredths(track)
    ]
    name = json.dumps(track.audio)
    metadata = f'  "metadata": {{\n    "soundFile": {name},\n    "duration": {_end_of(track)}\n  }},\n'
    return "{\n" + metadata + '  "mouthCues": [\n' + ",\n".join(shown) + "\n  ]\n}\n"


def as_rhubarb_tsv(track: Track) -> str:
    """Return the output format of ``rhubarb -f tsv``: the start of each cue in seconds, and a last line for the end."""
    lines = [f"{start}\t{viseme}\n" for start, _, viseme in _hundredths(track)]
    return "".join(lines) + f"{_end_of(track)}\t{track.rest}\n"


def as_webvtt(track: Track) -> str:
    """Return WebVTT with one WebVTT cue per cue."""
    blocks = (f"{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{cue.viseme}\n" for cue in cues(track))
    return "\n".join(("WEBVTT\n", *blocks))


def as_textgrid(track: Track) -> str:
    """Return a TextGrid of Praat in the long form, with one interval tier."""
    held = cues(track)
    end = held[-1].end_ms / 1000
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end}",
        "tiers? <exists>",
        "size = 1",
        "item []:",
        "    item [1]:",
        '        class = "IntervalTier"',
        '        name = "visemes"',
        "        xmin = 0",
        f"        xmax = {end}",
        f"        intervals: size = {len(held)}",
    ]
    for number, cue in enumerate(held, 1):
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {cue.start_ms / 1000}",
            f"            xmax = {cue.end_ms / 1000}",
            f'            text = "{cue.viseme}"',
        ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Format:
    """An output format of the command.

    Attributes:
        text: Function that returns a track in this format.
        ending: The extension of the file name.
    """

    text: Callable[[Track], str]
    ending: str


FORMATS = {
    "jsonl": Format(as_jsonl, ".jsonl"),
    "json": Format(as_json, ".json"),
    "csv": Format(as_csv, ".csv"),
    "rhubarb-json": Format(as_rhubarb_json, ".json"),
    "rhubarb-tsv": Format(as_rhubarb_tsv, ".tsv"),
    "webvtt": Format(as_webvtt, ".vtt"),
    "textgrid": Format(as_textgrid, ".TextGrid"),
}


def _hundredths(track: Track) -> list[tuple[str, str, int | str]]:
    """Return the cues in seconds with two decimals. All starts are multiples of 10 ms; the end is rounded up."""
    held = cues(track)
    edges = [f"{cue.start_ms / 1000:.2f}" for cue in held] + [_end_of(track)]
    shapes = (cue.viseme for cue in held)
    return [(a, b, viseme) for (a, b), viseme in zip(itertools.pairwise(edges), shapes, strict=True)]


def _end_of(track: Track) -> str:
    return f"{-(-max(1, track.duration_ms) // 10) / 100:.2f}"


def _clock(ms: int) -> str:
    """Return a time in the format of WebVTT: hours, minutes and seconds."""
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
