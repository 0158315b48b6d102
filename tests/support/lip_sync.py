"""Measure lip sync in a voice-agent framework: recordings, their playback times, and a table of the differences."""

from __future__ import annotations

import wave
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import mascot_visemes as mv

RATE = 24000
BYTES = 2
_ASSETS = Path(__file__).parents[2] / "packages/mascot-server/src/mascot_server/simulators/assets/en"


def recording(name: str, seconds: float) -> bytes:
    """Return the beginning of a recording of this repository: mono PCM16 at 24 kHz."""
    with wave.open(str(_ASSETS / f"{name}.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, BYTES)
        pcm: bytes = file.readframes(round(seconds * RATE))
        return pcm


def chunks(pcm: bytes, seconds: float) -> list[bytes]:
    """Audio of a service."""
    size = round(seconds * RATE) * BYTES
    return [pcm[begin : begin + size] for begin in range(0, len(pcm), size)]


def expected(parts: list[bytes]) -> list[mv.VisemeEvent[str]]:
    """Return the visemes of the parts from mascot-visemes alone."""
    stream = mv.load("default", shapes="oculus").create_stream(sample_rate=RATE)
    return [event for part in parts for event in stream.accept_waveform(part)] + stream.input_finished()


@dataclass
class Heard:
    """Played audio of one loudspeaker, with times."""

    pcm: bytearray = field(default_factory=bytearray)
    begins: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def play(self, audio: bytes, time: float) -> None:
        self.begins.append(len(self.pcm))
        self.times.append(time)
        self.pcm += audio

    @property
    def seconds(self) -> float:
        return len(self.pcm) / BYTES / RATE

    def origin(self, speech: bytes) -> int:
        """Return the start of a speech in the played audio, found by its first 50 ms that are not silent."""
        size = RATE // 20 * BYTES
        loud = next(at for at in range(0, len(speech), size) if len(set(speech[at : at + size])) > 64)
        found = self.pcm.find(speech[loud : loud + size])
        assert found >= 0, "the speech was not played"
        return found - loud

    def time_of(self, byte: int) -> float:
        """Return the playback time of a byte; the end of the audio has the time after its last sample."""
        at = bisect_right(self.begins, byte) - 1
        return self.times[at] + (byte - self.begins[at]) / BYTES / RATE

    def time_in(self, speech: bytes, time_ms: int, *, within: float = 0.5) -> float | None:
        """Return the playback time of a moment of a speech; ``None`` if playback stopped before it.

        An underrun puts silence into the speech, so the following 10 ms are searched up to `within` seconds after their
        expected position; at the end of the speech, the 10 ms before it.
        """
        length = RATE // 100 * BYTES
        at = time_ms * RATE // 1000 * BYTES
        begin, beyond = (at, 0) if at + length <= len(speech) else (len(speech) - length, length)
        place = self.origin(speech) + begin
        found = self.pcm.find(speech[begin : begin + length], place, place + round(within * RATE) * BYTES)
        return None if found < 0 else self.time_of(found + beyond)


def differences(
    heard: Heard,
    parts: list[bytes],
    payloads: list[tuple[float, dict[str, Any]]],
    *,
    whole: bool = True,
    within: float = 0.5,
    stalled: bool = False,
) -> list[float]:
    """Return viseme time minus sound time, in seconds, of each viseme that was sent and whose sound was played.

    Args:
        heard: The loudspeaker of the speech.
        parts: The speech as it was sent.
        payloads: Arrival time and content of each message.
        whole: Whether the visemes of the whole speech must have been sent.
        within: How many seconds of silence there may be in the speech, played by a sink that stalled.
        stalled: Whether the mouth closes during an underrun and takes its shape again after it.
    """
    sent = [
        (at + change["offset"] / 1000, change["viseme"])
        for at, payload in payloads
        for change in payload["visemes"]
    ]
    events = expected(parts)
    if stalled:
        shapes = [viseme for _, viseme in sent]
        # The shape before the underrun, the closed mouth, the shape again.
        at = 1 + [(shapes[i], "sil") == (shapes[i + 2], shapes[i + 1]) for i in range(len(shapes) - 2)].index(
            True
        )
        del sent[at : at + 2]
    assert [viseme for _, viseme in sent] == [event.viseme for event in events[: len(sent)]]
    assert len(sent) == len(events) or not whole
    speech = b"".join(parts)
    times = [heard.time_in(speech, event.time_ms, within=within) for event in events[: len(sent)]]
    found = [at - time for (at, _), time in zip(sent, times, strict=True) if time is not None]
    assert len(found) >= 0.8 * len(sent)
    return found


@dataclass
class Table:
    """Rows of viseme time minus sound time, in milliseconds."""

    title: str
    rows: list[tuple[str, list[float]]] = field(default_factory=list)

    def add(self, name: str, differences: list[float]) -> float:
        """Add a row; return its median in ms."""
        self.rows.append((name, sorted(1000 * difference for difference in differences)))
        return median(self.rows[-1][1])

    def __str__(self) -> str:
        head = f"{self.title}: viseme time minus sound time, ms\n"
        head += f"{'case':<34}{'visemes':>8}{'5 %':>8}{'median':>8}{'95 %':>8}\n"
        lines = []
        for name, row in self.rows:
            low, high = row[len(row) // 20], row[-1 - len(row) // 20]
            lines.append(f"{name:<34}{len(row):>8}{low:>8.0f}{median(row):>8.0f}{high:>8.0f}")
        return head + "\n".join(lines)
