"""Messages that resemble interruptions, and simultaneous responses.

Each case sends the same speech with and without such messages: no message may lose its visemes. A message without a
change of the mouth has an empty list in both.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.scripts import Record, converse, speech
from support.wires import elevenlabs_audio, openai_audio, openai_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hostile.conftest import Figures

    from mascot_server.providers.codec import Frame

pytestmark = pytest.mark.anyio

MESSAGES: Final = 14
AUDIO: Final = [openai_audio(sound, number) for number, sound in enumerate(speech(MESSAGES))]
CREATED: Final = json.dumps(
    {"type": "response.created", "response": {"id": "resp_1", "conversation_id": "c"}}
)
SPEECH: Final = json.dumps({"type": "input_audio_buffer.speech_started", "audio_start_ms": 1, "item_id": "i"})
OFF: Final = {"type": "server_vad", "interrupt_response": False}


def response(kind: str, response_id: str, **stated: Any) -> str:
    return json.dumps({"type": kind, "response": {"id": response_id, **stated}})


def shaped(record: Record) -> int:
    """Return the number of messages with a non-empty list of visemes."""
    return sum(1 for visemes in record.visemes if visemes)


async def lost(folder: Path, provider: str, script: Sequence[Frame], plain: Sequence[Frame]) -> int:
    """Return the number of messages with visemes in the plain conversation and without in the other one."""
    with_it, without = folder / "with", folder / "without"
    for place in (with_it, without):
        place.mkdir()
    record = await converse(with_it, provider, script)
    assert record.altered(script) == 0
    return shaped(await converse(without, provider, plain)) - shaped(record)


async def test_speech_that_lets_the_agent_finish(tmp_path: Path, figure: Figures) -> None:
    session = json.loads(openai_session({"type": "audio/pcm", "rate": 24000}, kind="session.updated"))
    session["session"]["audio"]["input"] = {"turn_detection": OFF}
    script = [json.dumps(session), CREATED, *AUDIO, SPEECH]
    figure(f"visemes lost of {MESSAGES}", await lost(tmp_path, "openai", script, AUDIO), at_most=0)


async def test_speech_that_lets_the_agent_finish_in_the_beta(tmp_path: Path, figure: Figures) -> None:
    session = {"type": "session.updated", "session": {"output_audio_format": "pcm16", "turn_detection": OFF}}
    beta = [frame.replace("output_audio", "audio") for frame in AUDIO]
    script = [json.dumps(session), *beta, SPEECH]
    figure(f"visemes lost of {MESSAGES}", await lost(tmp_path, "openai", script, beta), at_most=0)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_a_text_response_that_ends(tmp_path: Path, figure: Figures, status: str) -> None:
    text = [
        response("response.created", "text", conversation_id=None, output_modalities=["text"]),
        response("response.done", "text", conversation_id=None, output_modalities=["text"], status=status),
    ]
    script = [CREATED, *AUDIO[:7], *text, *AUDIO[7:], *text]
    figure(f"visemes lost of {MESSAGES}", await lost(tmp_path, "openai", script, AUDIO), at_most=0)


async def test_an_out_of_band_response_that_is_cancelled(tmp_path: Path, figure: Figures) -> None:
    aside = [
        response("response.created", "aside", conversation_id=None),
        openai_audio(bytes(4800), 99).replace("resp_1", "aside"),
        response("response.done", "aside", conversation_id=None, status="cancelled"),
    ]
    script = [CREATED, *AUDIO, *aside]
    figure(f"visemes lost of {MESSAGES}", await lost(tmp_path, "openai", script, AUDIO), at_most=0)


async def test_an_interruption_older_than_what_plays(tmp_path: Path, figure: Figures) -> None:
    audio = [elevenlabs_audio(sound, number) for number, sound in enumerate(speech(MESSAGES), start=5)]
    stale = json.dumps({"type": "interruption", "interruption_event": {"event_id": 4}})
    figure(
        f"visemes lost of {MESSAGES}", await lost(tmp_path, "elevenlabs", [*audio, stale], audio), at_most=0
    )


async def test_an_interruption_still_drops_what_will_not_be_played(tmp_path: Path, figure: Figures) -> None:
    cleared = json.dumps({"type": "output_audio_buffer.cleared", "event_id": "e", "response_id": "resp_1"})
    again = [frame.replace("resp_1", "resp_2") for frame in AUDIO]
    for folder, interruption in (("speech", SPEECH), ("cleared", cleared)):
        (tmp_path / folder).mkdir()
        record = await converse(tmp_path / folder, "openai", [CREATED, *AUDIO, interruption, *again])
        after = [visemes for visemes in record.visemes[1 + MESSAGES + 1 :] if visemes]
        figure(f"{folder}: offset of the first event after it", after[0][0]["offset"], "ms", at_most=0)


async def test_two_responses_at_once_have_a_stream_each(tmp_path: Path, figure: Figures) -> None:
    """The visemes of a response depend on its own audio only, not on messages in between."""
    silent = bytes(4800)
    other = [
        frame.replace("resp_1", "resp_2") for frame in (openai_audio(silent, n) for n in range(MESSAGES))
    ]
    mixed = [frame for pair in zip(AUDIO, other, strict=True) for frame in pair]
    for folder in ("mixed", "alone"):
        (tmp_path / folder).mkdir()
    both = (await converse(tmp_path / "mixed", "openai", mixed)).visemes
    alone = (await converse(tmp_path / "alone", "openai", AUDIO)).visemes
    speaking, silence = shapes(both[::2]), shapes(both[1::2])
    figure("events of the silent response that open the mouth", sum(map(bool, silence)), at_most=0)
    figure("messages of the speaking one that differ", _different(speaking, shapes(alone)), at_most=0)


def shapes(lists: Sequence[list[dict[str, int]] | None]) -> list[int]:
    """Return the shape at the end of each message."""
    ends, last = [], 0
    for visemes in lists:
        last = visemes[-1]["visemeId"] if visemes else last
        ends.append(last)
    return ends


def _different(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(1 for left, right in zip(one, other, strict=True) if left != right)
