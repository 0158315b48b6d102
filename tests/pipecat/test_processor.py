"""MascotVisemeProcessor: which frames come out of it, in a pipeline of Pipecat."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import pytest
from pipecat.frames.frames import (
    DataFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    SpeechOutputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.tests.utils import SleepFrame, run_test
from support.lip_sync import BYTES, RATE, chunks, expected, recording
from support.pipecat_stage import speech

import mascot_visemes as mv
from pipecat_mascot import MascotVisemeProcessor, VisemeFrame

Kind = TypeVar("Kind")

pytestmark = pytest.mark.anyio

SPEECH = recording("2-ferry", 2.0)
OPEN = recording("2-ferry", 0.65)
"""Ends in the middle of a word."""


async def answers(*frames: Frame, **options: Any) -> list[Frame]:
    """What comes out behind the processor."""
    down, _ = await run_test(MascotVisemeProcessor(**options), frames_to_send=frames)
    return list(down)


def of_kind(kind: type[Kind], frames: list[Frame]) -> list[Kind]:
    return [frame for frame in frames if type(frame) is kind]


def visemes(frames: list[Frame], **wanted: Any) -> list[mv.VisemeEvent]:
    """The events of the viseme frames with these values."""
    return [
        event
        for frame in of_kind(VisemeFrame, frames)
        if all(getattr(frame, name) == value for name, value in wanted.items())
        for event in frame.events
    ]


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.33, 0.5, 2.0])
async def test_all_audio_goes_on_with_the_visemes_before_it(seconds: float) -> None:
    parts = chunks(SPEECH, seconds)
    down = await answers(*speech(parts, "turn"))
    audio = of_kind(TTSAudioRawFrame, down)
    assert b"".join(frame.audio for frame in audio) == SPEECH
    assert visemes(down) == expected(parts)
    assert all(frame.num_frames * BYTES == len(frame.audio) <= 0.121 * RATE * BYTES for frame in audio)
    played = 0
    for frame in down:
        if isinstance(frame, TTSAudioRawFrame):
            played += frame.num_frames
        elif isinstance(frame, VisemeFrame):
            now = played * 1000 // RATE
            assert frame.start_ms == now
            assert all(now - 1 <= event.time_ms <= now + 120 for event in frame.events)
            assert frame.changes == [(event.time_ms - now, event.viseme) for event in frame.events]


@dataclass
class NewerFrame(TTSAudioRawFrame):
    """A frame of a version of Pipecat that is not known yet."""

    loudness: float = 0.0


async def test_every_field_of_a_frame_that_is_cut_is_copied() -> None:
    frame = NewerFrame(audio=SPEECH, sample_rate=RATE, num_channels=1, context_id="turn", loudness=0.5)
    frame.interruptible = False
    frame.metadata = {"speaker": "ana"}
    frame.pts = 7_000_000_000
    frame.transport_source, frame.transport_destination = "source", "guest"
    frame.broadcast_sibling_id = 3
    down = await answers(frame)
    pieces = of_kind(NewerFrame, down)
    assert len(pieces) == 17
    separate = {"id", "name", "pts", "audio", "num_frames"}
    for piece in pieces:
        for field in fields(frame):
            if field.name not in separate:
                assert getattr(piece, field.name) == getattr(frame, field.name), field.name
    assert len({piece.id for piece in pieces}) == len({piece.name for piece in pieces}) == len(pieces)
    assert [piece.pts for piece in pieces] == [7_000_000_000 + 120_000_000 * number for number in range(17)]
    pieces[0].metadata["speaker"] = "ben"
    assert pieces[1].metadata == {"speaker": "ana"}
    for shown in of_kind(VisemeFrame, down):
        assert (shown.context_id, shown.transport_destination, shown.transport_source) == (
            "turn",
            "guest",
            "source",
        )
        assert (shown.interruptible, shown.metadata) == (False, {"speaker": "ana"})
        # The transport would take a frame with a time of its own out of the audio's queue.
        assert shown.pts is None


async def test_a_short_frame_is_passed_on_itself() -> None:
    frame = TTSAudioRawFrame(audio=SPEECH[: RATE // 10], sample_rate=RATE, num_channels=1)
    assert frame in await answers(frame)


async def test_other_audio_passes_as_it_is() -> None:
    stereo = TTSAudioRawFrame(audio=SPEECH, sample_rate=RATE, num_channels=2)
    music = OutputAudioRawFrame(audio=SPEECH, sample_rate=RATE, num_channels=1)
    avatar = SpeechOutputAudioRawFrame(audio=SPEECH, sample_rate=RATE, num_channels=1)
    assert await answers(stereo, music, avatar) == [stereo, music, avatar]


async def test_a_rate_that_cannot_be_used_passes_and_is_logged_once(quiet: list[str]) -> None:
    frames = [TTSAudioRawFrame(audio=SPEECH, sample_rate=96000, num_channels=1) for _ in range(2)]
    assert await answers(*frames) == frames
    (line,) = [line for line in quiet if "96000" in line]
    assert "8000" in line


async def test_audio_of_half_a_sample_passes_whole() -> None:
    odd = TTSAudioRawFrame(audio=SPEECH[:9601], sample_rate=RATE, num_channels=1)
    empty = TTSAudioRawFrame(audio=b"", sample_rate=RATE, num_channels=1)
    down = await answers(empty, odd)
    assert of_kind(TTSAudioRawFrame, down) == [empty, odd]


async def test_a_speech_ends_with_its_own_stop() -> None:
    parts = chunks(OPEN, 0.1)
    one, other = speech(parts, "one"), speech(parts, "other")
    interleaved = [frame for pair in zip(one, other, strict=True) for frame in pair]
    down = await answers(*interleaved)
    for context in ("one", "other"):
        assert visemes(down, context_id=context) == expected(parts)
    assert visemes(down)[-1].viseme == "sil"
    assert isinstance(down[-1], TTSStoppedFrame)


@pytest.mark.parametrize(("audio", "stop"), [(None, None), ("turn", None), (None, "turn")])
async def test_a_stop_that_names_another_context_than_the_audio(audio: str | None, stop: str | None) -> None:
    """Realtime services name none."""
    down = await answers(*speech([OPEN], audio, stopped=False), TTSStoppedFrame(context_id=stop))
    assert visemes(down) == expected([OPEN])
    assert isinstance(down[-1], TTSStoppedFrame)


async def test_the_end_closes_an_open_mouth() -> None:
    down, _ = await run_test(
        MascotVisemeProcessor(),
        frames_to_send=[*speech([OPEN], "turn", stopped=False), EndFrame()],
        send_end_frame=False,
    )
    assert visemes(list(down)) == expected([OPEN])
    assert isinstance(down[-1], EndFrame)


async def test_the_same_context_at_another_rate_is_a_speech_of_its_own() -> None:
    slow = b"".join(SPEECH[at : at + 2] for at in range(0, len(SPEECH), 4))
    other = TTSAudioRawFrame(audio=slow, sample_rate=RATE // 2, num_channels=1, context_id="turn")
    down = await answers(*speech([OPEN], "turn", stopped=False), other, TTSStoppedFrame(context_id="turn"))
    assert visemes(down)[: len(expected([OPEN]))] == expected([OPEN])
    alone = await answers(other, TTSStoppedFrame(context_id="turn"))
    assert visemes(down)[len(expected([OPEN])) :] == visemes(alone)


async def test_an_interruption_closes_the_mouth_and_the_next_turn_starts_at_0() -> None:
    down = await answers(
        *speech([OPEN], "one", stopped=False),
        SleepFrame(),
        InterruptionFrame(),
        SleepFrame(),
        *speech([OPEN], "one"),
    )
    (place,) = (number for number, frame in enumerate(down) if isinstance(frame, InterruptionFrame))
    assert isinstance(down[place + 1], VisemeFrame)
    assert visemes([down[place + 1]]) == [mv.VisemeEvent(0, "sil")]
    assert visemes(down[place + 2 :]) == expected([OPEN])


async def test_an_interruption_leaves_uninterruptible_speech() -> None:
    parts = chunks(SPEECH, 0.5)
    frames = speech(parts, "turn", interruptible=False)
    down = await answers(*frames[:3], SleepFrame(), InterruptionFrame(), *frames[3:])
    assert visemes(down) == expected(parts)


async def test_an_interruption_closes_the_mouths_of_other_destinations_too() -> None:
    down = await answers(
        *speech([OPEN], "one", destination="guest", stopped=False), SleepFrame(), InterruptionFrame()
    )
    *spoken, closing = visemes(down, transport_destination="guest")
    assert spoken == expected([OPEN])[:-1]
    assert closing == mv.VisemeEvent(0, "sil")


@pytest.mark.parametrize(("shapes", "rest"), [("sapi", 0), ("rhubarb", "X"), ("vrm", "sil")])
async def test_another_set(shapes: str, rest: int | str) -> None:
    down = await answers(*speech([OPEN], "turn"), shapes=shapes)
    assert {frame.shapes for frame in of_kind(VisemeFrame, down)} == {shapes}
    assert visemes(down)[-1].viseme == rest
    assert of_kind(VisemeFrame, down)[-1].rest == rest


async def test_an_unknown_set_or_model() -> None:
    with pytest.raises(mv.UnknownShapesError, match="oculus"):
        MascotVisemeProcessor(shapes="cartoon")
    with pytest.raises(mv.UnknownModelError, match="default"):
        MascotVisemeProcessor(model="klingon")


async def test_speeches_that_never_stop_do_not_fill_the_memory() -> None:
    frames = [frame for number in range(40) for frame in speech([OPEN], f"turn {number}", stopped=False)]
    down = await answers(*frames)
    closed = {f.context_id for f in of_kind(VisemeFrame, down) if f.events and f.events[-1].viseme == "sil"}
    assert {"turn 0", "turn 7"} <= closed


def test_a_viseme_frame_is_data() -> None:
    frame = VisemeFrame((mv.VisemeEvent(130, "PP"),), start_ms=120)
    assert isinstance(frame, DataFrame)
    assert str(frame).endswith("visemes: [PP at 10 ms])")
