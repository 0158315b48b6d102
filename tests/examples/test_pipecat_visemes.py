"""examples/pipecat_visemes.py: visemes beside the audio of a Pipecat pipeline."""

from __future__ import annotations

import re
import wave
from itertools import pairwise

import pytest
from support.programs import run_example

import mascot_visemes as mv
from examples.lip_sync_file import RECORDING

pytest.importorskip("pipecat", reason="needs Pipecat: pip install pipecat-ai")

from pipecat.frames.frames import Frame, InterruptionFrame, TTSAudioRawFrame, TTSStoppedFrame
from pipecat.tests.utils import SleepFrame, run_test

from examples.pipecat_visemes import VisemeFrame, VisemeProcessor

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def speech() -> tuple[list[bytes], int]:
    """A recording in chunks of 100 ms, and its rate."""
    with wave.open(str(RECORDING)) as file:
        rate = file.getframerate()
        return [file.readframes(rate // 10) for _ in range(0, file.getnframes(), rate // 10)], rate


def audio(pcm: bytes, rate: int, channels: int = 1) -> TTSAudioRawFrame:
    return TTSAudioRawFrame(audio=pcm, sample_rate=rate, num_channels=channels, context_id="turn")


async def answers(*frames: Frame) -> list[Frame]:
    """What comes out of a pipeline with the processor in it."""
    # The tests of Pipecat itself send system frames at once, past the others; this pause keeps the order.
    down, _ = await run_test(VisemeProcessor(), frames_to_send=frames)
    return list(down)


def heard(frames: list[Frame]) -> tuple[bytes, list[tuple[int, str]]]:
    """All audio, and each viseme with the samples before it."""
    pcm = b""
    visemes = []
    for frame in frames:
        if isinstance(frame, TTSAudioRawFrame):
            pcm += frame.audio
        elif isinstance(frame, VisemeFrame):
            visemes.append((len(pcm) // 2, frame.viseme))
    return pcm, visemes


async def test_visemes_stand_in_the_audio_where_the_mouth_changes(speech: tuple[list[bytes], int]) -> None:
    chunks, rate = speech
    down = await answers(*(audio(chunk, rate) for chunk in chunks), TTSStoppedFrame())
    pcm, visemes = heard(down)
    assert pcm == b"".join(chunks)
    assert {frame.context_id for frame in down if isinstance(frame, TTSAudioRawFrame)} == {"turn"}

    stream = mv.load("default", shapes="oculus").create_stream(sample_rate=rate)
    events = [event for chunk in chunks for event in stream.accept_waveform(chunk)] + stream.input_finished()
    assert [viseme for _, viseme in visemes] == [event.viseme for event in events]
    for (samples, _), event in zip(visemes, events, strict=True):
        assert samples == pytest.approx(event.time_ms * rate / 1000, abs=rate / 1000)


async def test_the_mouth_is_closed_before_the_end_of_a_turn_goes_on(speech: tuple[list[bytes], int]) -> None:
    chunks, rate = speech
    down = await answers(*(audio(chunk, rate) for chunk in chunks[:6]), TTSStoppedFrame())
    assert isinstance(down[-1], TTSStoppedFrame)
    assert isinstance(down[-2], VisemeFrame)
    assert down[-2].viseme == "sil"


async def test_an_interruption_closes_the_mouth_and_the_next_turn_begins_anew(
    speech: tuple[list[bytes], int],
) -> None:
    chunks, rate = speech
    turn = [audio(chunk, rate) for chunk in chunks[:6]]
    again = [audio(chunk, rate) for chunk in chunks[:6]]
    down = await answers(
        *turn, SleepFrame(sleep=1.0), InterruptionFrame(), SleepFrame(), *again, TTSStoppedFrame()
    )
    (place,) = (number for number, frame in enumerate(down) if isinstance(frame, InterruptionFrame))
    assert isinstance(down[place + 1], VisemeFrame)
    assert down[place + 1].viseme == "sil"
    alone = await answers(*(audio(chunk, rate) for chunk in chunks[:6]), TTSStoppedFrame())
    assert heard(down[place + 2 :]) == heard(alone)


async def test_other_frames_and_audio_that_is_not_mono_go_on_as_they_are(
    speech: tuple[list[bytes], int],
) -> None:
    chunks, rate = speech
    stereo = audio(chunks[0], rate, channels=2)
    assert await answers(stereo) == [stereo]


def test_a_whole_pipeline_shows_visemes_in_time() -> None:
    ran = run_example("pipecat_visemes", "--fast", "Of course.")
    assert ran.returncode == 0, ran.stderr
    assert "Deprecat" not in ran.stderr
    rows = re.findall(r"^ *([\d.]+) s  (\w+) *(█*)$", ran.stdout, re.MULTILINE)
    assert len(rows) == len(ran.stdout.splitlines()) > 20
    times = [float(row[0]) for row in rows]
    assert all(a <= b for a, b in pairwise(times))
    assert rows[-1][1:] == ("sil", "")
    assert {row[1] for row in rows} <= set(mv.ARKIT_POSES)


def test_a_service_that_cannot_be_reached() -> None:
    ran = run_example(
        "pipecat_visemes", "--fast",
        CARTESIA_API_KEY="sk_car_yours", CARTESIA_VOICE_ID="yours", CARTESIA_BASE_URL="http://127.0.0.1:9",
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("pipecat_visemes: ")
    assert "sk_car_yours" not in ran.stderr
