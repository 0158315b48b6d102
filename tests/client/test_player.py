"""The player on a loudspeaker made of numbers: what is heard when, and which mouth is seen with it."""

from __future__ import annotations

import math
import sys
import threading
import time
from array import array
from bisect import bisect_right
from itertools import pairwise
from operator import itemgetter
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_client import (
    SMOOTHING_PRESETS,
    AudioDeviceError,
    ConfigurationError,
    MissingExtraError,
    VisemeEvent,
    Visemes,
)
from mascot_client.player import SoundDeviceOutput, VisemePlayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_client import Mouth

RATE = 8000
BUFFER = 80
"""Samples in a buffer of the loudspeaker: 10 ms."""


class Loudspeaker:
    """Takes a buffer every 10 ms of a clock that the test moves, and sounds it some time later."""

    def __init__(self, latency_ms: int) -> None:
        self.latency_ms = latency_ms
        self.now_ms = 0.0
        self.heard: list[tuple[float, int]] = []
        self.fill: Callable[[int, float], bytes] | None = None
        self.rate = 0

    def start(self, sample_rate: int, fill: Callable[[int, float], bytes]) -> None:
        self.rate, self.fill = sample_rate, fill

    def stop(self) -> None:
        self.fill = None

    def clock(self) -> float:
        return self.now_ms / 1000

    def turn(self) -> None:
        """Let one buffer be taken; it is then in the middle of the time until the next."""
        assert self.fill is not None
        self.now_ms += 5 if self.heard else 0
        buffer = array("h", self.fill(BUFFER, self.latency_ms / 1000))
        assert len(buffer) == BUFFER
        start = self.now_ms + self.latency_ms
        self.heard += [(start + index * 1000 / self.rate, sample) for index, sample in enumerate(buffer)]
        self.now_ms += 5

    def sounding(self) -> int:
        """The sample that is heard now: the tests write the viseme into the audio itself."""
        count = bisect_right(self.heard, self.now_ms, key=itemgetter(0))
        return self.heard[count - 1][1] if count else 0


def speech(*shapes: int) -> tuple[bytes, Visemes]:
    """50 ms of each shape; every sample is the number of the viseme that belongs to it."""
    pcm = array("h", [shape for shape in shapes for _ in range(RATE // 20)]).tobytes()
    changes = [
        VisemeEvent(shape, number * 50)
        for number, shape in enumerate(shapes)
        if number == 0 or shapes[number - 1] != shape
    ]
    return pcm, Visemes(tuple(changes), 1, 50 * len(shapes))


messages = st.lists(st.integers(0, 21), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(messages, st.integers(0, 40)), min_size=1, max_size=6),
    st.sampled_from([0, 3, 22, 47, 181]),
)
def test_the_mouth_is_that_of_the_sound_that_is_heard(
    said: list[tuple[list[int], int]], latency: int
) -> None:
    # Messages with any pauses between them, so that the loudspeaker runs dry and starts again.
    speaker = Loudspeaker(latency)
    with VisemePlayer(output=speaker, sample_rate=RATE, clock=speaker.clock, blend_ms=0) as player:
        wrong = total = 0
        for shapes, pause in said:
            player.play(*speech(*shapes))
            for _ in range(pause):
                speaker.turn()
                total += 1
                wrong += player.mouth().viseme != speaker.sounding()
        while player.unheard_ms() > 0:
            speaker.turn()
            total += 1
            wrong += player.mouth().viseme != speaker.sounding()
    assert wrong == 0
    assert total >= 1


def test_everything_is_played_once_in_order_and_odd_bytes_are_carried() -> None:
    speaker = Loudspeaker(30)
    pcm, _ = speech(3, 1, 4, 1, 5)
    with VisemePlayer(output=speaker, sample_rate=RATE, clock=speaker.clock) as player:
        for start in range(0, len(pcm), 333):
            player.play(pcm[start : start + 333])
            speaker.turn()
        while player.unheard_ms() > 0:
            speaker.turn()
    played = [sample for _, sample in speaker.heard]
    assert array("h", played[: len(pcm) // 2]).tobytes() == pcm
    assert set(played[len(pcm) // 2 :]) <= {0}


def test_an_interruption_drops_all_but_what_the_device_holds() -> None:
    speaker = Loudspeaker(40)
    with VisemePlayer(output=speaker, sample_rate=RATE, clock=speaker.clock, blend_ms=0) as player:
        player.play(*speech(*[2] * 20))
        for _ in range(20):
            speaker.turn()
        player.interrupt()
        # 200 ms are with the device, 155 of them heard.
        assert player.unheard_ms() == pytest.approx(45)
        assert player.mouth().viseme == 2
        for _ in range(5):
            speaker.turn()
        assert (player.mouth().viseme, player.unheard_ms(), speaker.sounding()) == (0, 0, 0)
        player.play(*speech(7, 7))
        for _ in range(9):
            speaker.turn()
        assert player.mouth().viseme == speaker.sounding() == 7


def test_audio_without_visemes_moves_the_mouth_too() -> None:
    speaker = Loudspeaker(0)
    loud = array("h", [round(20000 * math.sin(number / 5)) for number in range(RATE // 2)]).tobytes()
    with VisemePlayer(output=speaker, sample_rate=RATE, clock=speaker.clock) as player:
        player.play(loud)
        for _ in range(20):
            speaker.turn()
        assert player.mouth().viseme != 0


def test_smoothing_calms_the_mouth() -> None:
    seen: dict[bool, list[int]] = {}
    for smooth in (False, True):
        speaker = Loudspeaker(0)
        smoothing = SMOOTHING_PRESETS["fast_speech"] if smooth else None
        with VisemePlayer(
            output=speaker, sample_rate=RATE, clock=speaker.clock, smoothing=smoothing
        ) as player:
            player.play(*speech(4, 6, 19, 4, 20, 21, 1, 12, 4, 0))
            seen[smooth] = []
            while player.unheard_ms() > 0:
                speaker.turn()
                seen[smooth].append(int(player.mouth().viseme))
            player.interrupt()
    changes = {smooth: sum(a != b for a, b in pairwise(ids)) for smooth, ids in seen.items()}
    assert changes[True] < changes[False]
    assert 21 in seen[True]


class Device(threading.Thread):
    """A loudspeaker on a thread of its own, by the real clock."""

    def start(self, sample_rate: int = 0, fill: Callable[[int, float], bytes] | None = None) -> None:
        assert fill is not None
        self.fill, self.size = fill, sample_rate // 100
        self.playing = True
        super().start()

    def stop(self) -> None:
        self.playing = False
        self.join()

    def run(self) -> None:
        due = time.monotonic()
        while self.playing:
            self.fill(self.size, 0.02)
            due += 0.01
            time.sleep(max(due - time.monotonic(), 0))


def test_the_callback_sees_the_shapes_in_order_and_the_mouth_closes() -> None:
    mouths: list[Mouth] = []
    with VisemePlayer(mouths.append, output=Device(), sample_rate=RATE) as player:
        # Long enough for a machine that stops for a moment.
        player.play(*speech(*[2] * 8, *[21] * 8, *[7] * 8))
        player.wait()
        deadline = time.monotonic() + 5
        while mouths[-1].weights.keys() != {0}:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    shapes = list(dict.fromkeys(mouth.viseme for mouth in mouths if mouth.viseme))
    # A busy machine may miss one.
    assert len(shapes) >= 2
    assert shapes == [shape for shape in (2, 21, 7) if shape in shapes]
    assert not mouths[-1].speaking
    # Softly: there were looks at which two shapes were seen at once.
    assert any(len(mouth.weights) > 1 for mouth in mouths)


def test_a_failing_callback_does_not_stop_the_sound(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_mouth: Mouth) -> None:
        raise RuntimeError("no face")

    with VisemePlayer(fail, output=Device(), sample_rate=RATE) as player:
        player.play(*speech(2))
        player.wait()
    assert "on_mouth failed; playback continues" in caplog.text


def test_wait_ends_when_the_player_is_closed() -> None:
    speaker = Loudspeaker(0)
    player = VisemePlayer(output=speaker, sample_rate=RATE, clock=speaker.clock)
    player.start()
    player.play(*speech(2))
    closing = threading.Timer(0.05, player.close)
    closing.start()
    player.wait()
    closing.join()
    assert speaker.fill is None


def test_a_rate_that_no_sound_has() -> None:
    with pytest.raises(ConfigurationError, match="sample_rate"):
        VisemePlayer(output=Loudspeaker(0), sample_rate=0)


# The sound card ------------------------------------------------------------------------------------------------


class PortAudioError(Exception):
    pass


class Stream:
    """PortAudio's side, as sounddevice shows it."""

    latency = 0.5

    def __init__(self, **options: Any) -> None:
        if options["device"] == "none":
            raise PortAudioError("Error querying device -1")
        if options["device"] == "unknown":
            raise ValueError("No output device matching 'unknown'")
        self.options = options
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: self.calls.append(name)


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[Stream]:
    made: list[Stream] = []

    def open_stream(**options: Any) -> Stream:
        made.append(Stream(**options))
        return made[-1]

    library: Any = ModuleType("sounddevice")
    library.PortAudioError = PortAudioError
    library.RawOutputStream = open_stream
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return made


def test_the_sound_card_is_told_the_rate_and_asked_when_it_is_heard(streams: list[Stream]) -> None:
    asked: list[tuple[int, float]] = []

    def fill(frames: int, heard_in_s: float) -> bytes:
        asked.append((frames, round(heard_in_s, 6)))
        return b"\1\0" * frames

    output = SoundDeviceOutput(device=3, latency=0.1)
    output.start(16000, fill)
    [stream] = streams
    wanted = {"samplerate": 16000, "channels": 1, "dtype": "int16", "device": 3, "latency": 0.1}
    assert wanted.items() <= stream.options.items()
    buffer = bytearray(8)
    for heard_at in (10.03, 0.0):
        times = SimpleNamespace(currentTime=10.0, outputBufferDacTime=heard_at)
        stream.options["callback"](memoryview(buffer), 4, times, None)
    # A system that does not say when: the stream's latency counts.
    assert asked == [(4, 0.03), (4, 0.5)]
    assert buffer == b"\1\0" * 4
    output.stop()
    output.stop()
    assert stream.calls == ["start", "abort", "close"]


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize("device", ["none", "unknown"])
def test_a_machine_without_a_loudspeaker_says_so(device: str) -> None:
    player = VisemePlayer(output=SoundDeviceOutput(device=device), sample_rate=RATE)
    with pytest.raises(AudioDeviceError, match="the audio output device cannot be opened") as caught:
        player.start()
    assert "device" in caught.value.reason
    player.close()


def test_without_sounddevice_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtraError, match=r"mascot-client\[player\]"):
        VisemePlayer(sample_rate=RATE).start()


def test_without_portaudio_the_system_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    # What sounddevice does on a Linux that lacks the library.
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AudioDeviceError, match="libportaudio2"):
        VisemePlayer(sample_rate=RATE).start()
