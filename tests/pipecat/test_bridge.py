"""MascotRTVIBridge: which messages it sends, in a pipeline of Pipecat."""

from __future__ import annotations

from typing import Any

import pytest
from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.processors.frameworks.rtvi import RTVIServerMessageFrame
from pipecat.tests.utils import SleepFrame, run_test
from support.lip_sync import RATE

import mascot_visemes as mv
from pipecat_mascot import MESSAGE_TYPE, MascotRTVIBridge, VisemeFrame
from pipecat_mascot.playout import Playout

pytestmark = pytest.mark.anyio


async def messages(*frames: Frame) -> list[dict[str, Any]]:
    """The data of all messages; every frame goes on."""
    down, _ = await run_test(MascotRTVIBridge(), frames_to_send=frames)
    assert {id(frame) for frame in frames if not isinstance(frame, SleepFrame)} <= {
        id(frame) for frame in down
    }
    return [frame.data for frame in down if isinstance(frame, RTVIServerMessageFrame)]


def shown(
    *events: tuple[int, int | str], start_ms: int = 0, destination: str | None = None, **options: Any
) -> VisemeFrame:
    interruptible = options.pop("interruptible", True)
    frame = VisemeFrame(
        tuple(mv.VisemeEvent(time_ms, viseme) for time_ms, viseme in events),
        start_ms,
        context_id="c",
        **options,
    )
    frame.transport_destination = destination
    frame.interruptible = interruptible
    return frame


def written(ms: int) -> OutputAudioRawFrame:
    return OutputAudioRawFrame(audio=bytes(ms * RATE // 1000 * 2), sample_rate=RATE, num_channels=1)


async def test_a_message_for_each_chunk() -> None:
    assert await messages(shown((10, "PP"), (60, "aa"))) == [
        {
            "type": MESSAGE_TYPE,
            "shapes": "oculus",
            "contextId": "c",
            "destination": None,
            "visemes": [{"viseme": "PP", "offset": 10}, {"viseme": "aa", "offset": 60}],
            "interrupted": False,
        }
    ]


async def test_nothing_where_the_mouth_does_not_change() -> None:
    assert await messages(shown(), written(40), shown(start_ms=120)) == []


async def test_numbers_in_the_sapi_set() -> None:
    (message,) = await messages(shown((0, 21), shapes="sapi", rest=0))
    assert (message["shapes"], message["visemes"]) == ("sapi", [{"visemeId": 21, "offset": 0}])


async def test_offsets_count_from_what_the_transport_has_written() -> None:
    """It writes whole chunks: a piece that starts at 130 ms leaves it behind the chunk that ends at 120 ms."""
    sent = await messages(
        shown(), written(40), written(40), written(40), shown((135, "PP"), start_ms=130), written(40)
    )
    assert sent[0]["visemes"] == [{"viseme": "PP", "offset": 15}]


async def test_each_destination_is_followed_alone() -> None:
    sent = await messages(
        shown(destination="guest"), shown(), written(40), shown((45, "aa"), start_ms=40, destination="guest")
    )
    assert (sent[0]["destination"], sent[0]["visemes"]) == ("guest", [{"viseme": "aa", "offset": 5}])


async def test_an_interruption_closes_an_open_mouth_once() -> None:
    pause = SleepFrame()
    sent = await messages(
        shown((10, "PP")), pause, InterruptionFrame(), pause, shown((0, "sil")), pause, InterruptionFrame()
    )
    assert [(message["visemes"], message["interrupted"]) for message in sent[1:]] == [
        ([{"viseme": "sil", "offset": 0}], True)
    ]


async def test_an_interruption_leaves_uninterruptible_speech() -> None:
    sent = await messages(shown((10, "PP"), interruptible=False), SleepFrame(), InterruptionFrame())
    assert [message["interrupted"] for message in sent] == [False]


async def test_an_interruption_after_the_speech_sends_nothing() -> None:
    sent = await messages(
        shown((10, "PP"), (90, "sil")),
        SleepFrame(),
        BotStoppedSpeakingFrame(),
        SleepFrame(),
        InterruptionFrame(),
    )
    assert len(sent) == 1


async def test_a_speech_that_stops_with_an_open_mouth_is_closed_later() -> None:
    """The transport also reports a stop where audio fails to come."""
    sent = await messages(
        shown((10, "PP")),
        SleepFrame(),
        BotStoppedSpeakingFrame(),
        SleepFrame(),
        shown((120, "sil"), start_ms=120),
    )
    assert [message["visemes"][-1]["viseme"] for message in sent] == ["PP", "sil"]


def test_audio_of_others_between_does_not_shift_the_speech() -> None:
    playout = Playout()
    assert playout.position_ms("a", 0) == 0
    playout.wrote(RATE * 120 // 1000, RATE)
    assert playout.position_ms("a", 120) == 120
    playout.wrote(RATE, RATE)
    assert playout.position_ms("a", 240) == 240
    assert playout.position_ms("b", 480) == 480
    playout.wrote(RATE * 40 // 1000, RATE)
    assert playout.position_ms("b", 530) == pytest.approx(520)
