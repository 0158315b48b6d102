"""VisemeAudioOutput around a sink that does what the test says."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING

import pytest
from livekit.agents import Plugin
from livekit.agents.voice import io
from support.lip_sync import RATE, chunks, expected, recording
from support.livekit_stage import Publication, Room, frame

import mascot_visemes as mv
from livekit import rtc
from livekit.plugins import mascot
from livekit.plugins.mascot import RoomPublisher, VisemeAudioOutput, VisemeMessage

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

SPEECH = chunks(recording("2-ferry", 0.65), 0.1)
"""Ends in the middle of a word."""


class Sink(io.AudioOutput):
    """Takes audio, and plays it when the test says so."""

    def __init__(self, *, pause: bool = True) -> None:
        super().__init__(label="Test", capabilities=io.AudioOutputCapabilities(pause=pause), sample_rate=RATE)
        self.frames: list[rtc.AudioFrame] = []
        self.calls: list[str] = []

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self.frames.append(frame)

    def flush(self) -> None:
        super().flush()
        self.calls.append("flush")

    def clear_buffer(self) -> None:
        self.calls.append("clear_buffer")

    def pause(self) -> None:
        super().pause()
        self.calls.append("pause")

    def resume(self) -> None:
        super().resume()
        self.calls.append("resume")

    def begin(self) -> None:
        self.on_playback_started(created_at=time.time())

    def end(self, *, interrupted: bool = False) -> None:
        self.on_playback_finished(playback_position=1.0, interrupted=interrupted)


class Published(list[VisemeMessage]):
    """Keeps what is published."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Condition()

    async def __call__(self, message: VisemeMessage) -> None:
        self.append(message)
        async with self._more:
            self._more.notify_all()

    @property
    def shapes(self) -> list[int | str]:
        return [viseme for message in self for _, viseme in message.changes]

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._more:
            await self._more.wait_for(enough)


async def spoken(output: VisemeAudioOutput, parts: list[bytes]) -> None:
    for part in parts:
        await output.capture_frame(frame(part))
    output.flush()


async def settled(published: Published, count: int) -> list[VisemeMessage]:
    """Wait for so many messages."""
    await published.until(lambda: len(published) >= count)
    return list(published)


async def test_audio_passes_unchanged_and_in_order() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    await spoken(output, SPEECH)
    assert b"".join(bytes(each.data) for each in sink.frames) == b"".join(SPEECH)
    assert sink.calls == ["flush"]
    assert (output.sample_rate, output.can_pause) == (RATE, True)
    assert not VisemeAudioOutput(Sink(pause=False), published).can_pause
    assert output.captured_playout_segments == 1


async def test_nothing_is_published_before_playback_begins() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    await spoken(output, SPEECH)
    await asyncio.sleep(0.05)
    assert published == []
    began = asyncio.get_running_loop().time()
    sink.begin()
    await published.until(lambda: published.shapes[-1:] == ["sil"])
    # The last message is sent up to 100 ms before the end of the audio.
    offset_ms = published[-1].changes[-1][0]
    assert asyncio.get_running_loop().time() - began + offset_ms / 1000 >= 0.6
    assert published.shapes == [event.viseme for event in expected(SPEECH)]
    assert all(0 <= offset <= 101 for message in published for offset, _ in message.changes)
    assert len({message.segment_id for message in published}) == 1


async def test_the_events_of_the_sink_go_to_the_session() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    started: list[io.PlaybackStartedEvent] = []
    finished: list[io.PlaybackFinishedEvent] = []
    output.on("playback_started", started.append)
    output.on("playback_finished", finished.append)
    await spoken(output, SPEECH)
    sink.begin()
    sink.end()
    assert len(started) == len(finished) == 1
    assert not (await output.wait_for_playout()).interrupted


async def test_a_sink_that_ends_early_closes_the_mouth() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    await spoken(output, SPEECH)
    sink.begin()
    sink.end()
    assert (await settled(published, 1))[-1].changes[-1][1] == "sil"


async def test_a_cleared_buffer_closes_the_mouth_once_and_the_next_speech_is_another() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    await spoken(output, [b"".join(SPEECH)])
    sink.begin()
    await settled(published, 1)
    output.clear_buffer()
    sink.end(interrupted=True)
    sent = await settled(published, 2)
    assert [(m.changes, m.interrupted) for m in sent[1:]] == [(((0, "sil"),), True)]
    await spoken(output, SPEECH)
    sink.begin()
    assert (await settled(published, 3))[2].segment_id != sent[0].segment_id
    assert sink.calls == ["flush", "clear_buffer", "flush"]


async def test_what_comes_after_a_cleared_buffer_belongs_to_the_speech_that_was_cut() -> None:
    """The session clears the buffer first, and flushes when its own task has ended."""
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    await output.capture_frame(frame(b"".join(SPEECH)))
    output.clear_buffer()
    await output.capture_frame(frame(SPEECH[0]))
    output.flush()
    sink.end(interrupted=True)
    await spoken(output, SPEECH)
    sink.begin()
    assert (await settled(published, 1))[0].interrupted is False
    assert len(sink.frames) == 2 + len(SPEECH)


async def test_detached_it_closes_the_mouth() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    output.on_attached()
    await spoken(output, SPEECH)
    sink.begin()
    await settled(published, 1)
    output.on_detached()
    assert (await settled(published, 2))[-1].interrupted
    await asyncio.sleep(0.15)
    assert len(published) == 2


async def test_other_audio_passes_without_visemes(caplog: pytest.LogCaptureFixture) -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    stereo, fast = frame(SPEECH[0], channels=2), frame(SPEECH[0], rate=96000)
    with caplog.at_level(logging.WARNING):
        for each in (stereo, stereo, fast, fast):
            await output.capture_frame(each)
    output.flush()
    sink.begin()
    sink.end()
    assert sink.frames == [stereo, stereo, fast, fast]
    assert [record.name for record in caplog.records] == ["livekit.plugins.mascot"] * 2
    await asyncio.sleep(0)
    assert published == []


async def test_the_rate_may_change_in_a_speech() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    slow = b"".join(SPEECH)
    await output.capture_frame(frame(slow))
    await output.capture_frame(frame(slow, rate=RATE // 2))
    output.flush()
    sink.begin()
    stream = mv.load("default", shapes="oculus").create_stream(sample_rate=RATE // 2)
    second = stream.accept_waveform(slow) + stream.input_finished()
    wanted = [event.viseme for event in [*expected([slow]), *second]]
    await published.until(lambda: len(published.shapes) >= len(wanted))
    assert published.shapes == wanted


async def test_a_room_that_takes_no_data_does_not_end_the_speech(caplog: pytest.LogCaptureFixture) -> None:
    room, sink = Room(), Sink()
    room.fault = ConnectionError("the room is closed")
    output = VisemeAudioOutput(sink, RoomPublisher(room))
    with caplog.at_level(logging.WARNING):
        await spoken(output, SPEECH)
        sink.begin()
        await asyncio.sleep(0.3)
        sink.end()
    assert len(sink.frames) == len(SPEECH)
    (record,) = caplog.records
    assert "the room is closed" in record.getMessage()


async def test_a_payload_names_the_track_and_a_number_in_the_sapi_set() -> None:
    room = Room()
    await RoomPublisher(room)(VisemeMessage("s", "sapi", ((0, 21),)))
    room.track_publications["TR_c"] = Publication("TR_c", rtc.TrackSource.SOURCE_CAMERA)
    room.track_publications["TR_m"] = Publication("TR_m", rtc.TrackSource.SOURCE_MICROPHONE)
    await RoomPublisher(room)(VisemeMessage("s", "oculus", ((5, "PP"),), interrupted=True))
    await RoomPublisher(room, track_id="TR_other")(VisemeMessage("s", "oculus", ()))
    payloads = [payload for _, _, payload in room.data]
    assert payloads[0] == {
        "type": "mascot-visemes", "shapes": "sapi", "segmentId": "s", "trackId": None,
        "visemes": [{"visemeId": 21, "offset": 0}], "interrupted": False,
    }  # fmt: skip
    assert payloads[1]["trackId"] == "TR_m"
    assert (payloads[1]["visemes"], payloads[1]["interrupted"]) == ([{"viseme": "PP", "offset": 5}], True)
    assert payloads[2]["trackId"] == "TR_other"
    assert json.dumps(payloads)


async def test_an_unknown_set_or_model() -> None:
    with pytest.raises(mv.UnknownShapesError, match="oculus"):
        VisemeAudioOutput(Sink(), Published(), shapes="cartoon")
    with pytest.raises(mv.UnknownModelError, match="default"):
        VisemeAudioOutput(Sink(), Published(), model="klingon")


def test_it_is_registered_with_livekit_agents() -> None:
    (plugin,) = [each for each in Plugin.registered_plugins if each.package == "livekit.plugins.mascot"]
    assert plugin.version == mascot.__version__
    for name in mascot.__all__:
        assert hasattr(mascot, name)


async def test_a_frame_that_is_cancelled_while_it_is_predicted() -> None:
    """The session cancels its task, and flushes and clears while the prediction is at work."""
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    await output.capture_frame(frame(b"".join(SPEECH)))
    sink.begin()
    await settled(published, 1)
    capture = asyncio.create_task(output.capture_frame(frame(recording("3-room", 6.0))))
    await asyncio.sleep(0)
    capture.cancel()
    with pytest.raises(asyncio.CancelledError):
        await capture
    output.flush()
    output.clear_buffer()
    sink.end(interrupted=True)
    assert [message.interrupted for message in await settled(published, 2)] == [False, True]
    await spoken(output, SPEECH)
    sink.begin()
    sink.end()
    assert (await settled(published, 3))[2].changes[-1][1] == expected(SPEECH)[-1].viseme


async def test_an_underrun_closes_an_open_mouth_until_the_sound_goes_on() -> None:
    sink, published = Sink(), Published()
    output = VisemeAudioOutput(sink, published)
    for part in SPEECH:
        await output.capture_frame(frame(part))
    sink.begin()
    spoken_shapes = [event.viseme for event in expected(SPEECH)][:-1]
    await published.until(lambda: published.shapes[-1:] == ["sil"])
    assert published.shapes == [*spoken_shapes, "sil"]
    assert published[-1].changes == ((0, "sil"),)
    silence = bytes(len(SPEECH[0]))
    await output.capture_frame(frame(silence))
    await published.until(lambda: len(published.shapes) > len(spoken_shapes) + 1)
    assert published.shapes[len(spoken_shapes) + 1] == spoken_shapes[-1]
    output.clear_buffer()
