"""The page's modules that need no page: audio of the microphone, words, mouths and protocols, run in the browser."""

from __future__ import annotations

import base64
import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from browser.conftest import Playground

ROOT = "/playground"


@pytest.fixture(scope="module")
def playground(visit: Callable[[], AbstractContextManager[Playground]]) -> Iterator[Playground]:
    """One page for all: nothing here changes it."""
    with visit() as page:
        yield page


def run(playground: Playground, module: str, body: str, argument: object = None) -> Any:
    """Evaluates `body`, a function of the module `m` and the argument `x`."""
    script = f"async (x) => {{ const m = await import('{ROOT}/{module}'); {body} }}"
    return playground.page.evaluate(script, argument)


def test_samples_are_encoded(playground: Playground) -> None:
    body = "return m.toBase64(m.encodePcm16(Float32Array.from(x)));"
    text = run(playground, "audio/pcm.js", body, [0, 0.5, -1, 1, 3])
    assert np.frombuffer(base64.b64decode(text), "<i2").tolist() == [0, 16384, -32767, 32767, 32767]


def cue(offset: float, viseme: int) -> dict[str, float]:
    return {"offset": offset, "visemeId": viseme}


def test_words_cut_by_messages_are_put_together(playground: Playground) -> None:
    body = """
        const words = new m.Words();
        const all = [];
        for (const [startMs, timed, text] of x) {
            all.push(...words.place({ startMs, endMs: startMs + 100 }, timed, text).words);
        }
        return all;
    """
    pieces = [
        [0, [{"offsetMs": 10, "text": "The "}, {"offsetMs": 60, "text": "fer"}], ""],
        [100, [{"offsetMs": 0, "text": "ry "}, {"offsetMs": 40, "text": "leaves"}], ""],
        [200, [{"offsetMs": 5, "text": "."}], ""],
        [300, [], " At five, "],
        [400, [], "sharp"],
    ]
    assert run(playground, "words.js", body, pieces) == [
        {"atMs": 10, "text": "The "},
        {"atMs": 60, "text": "ferry "},
        {"atMs": 140, "text": "leaves."},
        {"atMs": 300, "text": " At "},
        {"atMs": 340, "text": "five, "},
        {"atMs": 400, "text": "sharp"},
    ]


def test_every_kind_of_mouth_is_told_apart(playground: Playground) -> None:
    body = """
        const build = { width: 40, drop: 50, upperLip: 8, lowerLip: 10, bow: 4, smile: 6 };
        const { SHAPES } = await import("/playground/faces/shapes.js");
        return SHAPES.map((shape) => {
            const { half, top, bottom, upperTeeth, tongue } = m.outlines(shape, build);
            return { ...shape, half, gap: bottom - top, teeth: upperTeeth !== "", tongued: tongue !== "" };
        });
    """
    shapes = run(playground, "faces/mouth.js", body)
    assert len(shapes) == 22
    closed, lip_teeth, tongue = shapes[21], shapes[18], (shapes[14], shapes[17], shapes[19])
    rounded, opened, wide = (shapes[7], shapes[8]), (shapes[2], shapes[9]), (shapes[6], shapes[15])
    assert closed["gap"] == 0
    assert lip_teeth["teeth"]
    assert lip_teeth["tuck"] == 1
    assert all(one["half"] < shapes[0]["half"] * 0.7 and not one["teeth"] for one in rounded)
    assert all(one["gap"] > 40 for one in opened)
    assert all(one["half"] > shapes[0]["half"] * 1.1 and one["teeth"] for one in wide)
    assert all(one["tongued"] and one["tongue"] >= 0.8 for one in tongue)
    names = ("half", "gap", "upper", "lower", "tongue", "out", "tuck", "press", "round")
    assert all(any(a[name] != b[name] for name in names) for a, b in combinations(shapes, 2))


def test_lips_that_close_win(playground: Playground) -> None:
    body = "return [[[2, 1]], [[2, 0.5], [0, 0.5]], [[2, 0.2], [21, 0.8]]].map((w) => m.blended(w).open);"
    opened, half, closing = run(playground, "faces/shapes.js", body)
    assert (opened, half) == (1, 0.5)
    assert closing < 0.05


PROTOCOL = """
    const protocol = m.protocolOf({ id: x.provider, model: "gemini-live" });
    return x.messages.flatMap((message) => protocol.receive(message));
"""


def happenings(playground: Playground, provider: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    given = {"provider": provider, "messages": messages}
    rows: list[dict[str, Any]] = run(playground, "providers/index.js", PROTOCOL, given)
    return rows


@pytest.mark.parametrize(
    ("name", "encoding", "rate"),
    [("pcm_44100", "pcm16", 44100), ("pcm_8000", "pcm16", 8000), ("ulaw_8000", "ulaw", 8000)],
)
def test_elevenlabs_says_its_format(playground: Playground, name: str, encoding: str, rate: int) -> None:
    metadata = {"agent_output_audio_format": name}
    ready, audio = happenings(
        playground,
        "elevenlabs",
        {
            "type": "conversation_initiation_metadata",
            "conversation_initiation_metadata_event": metadata,
        },
        {"type": "visemes", "visemes": [cue(5, 4)], "audio_event_id": 3, "audio_duration": 10},
        {"type": "audio", "audio_event": {"audio_base_64": "AAA=", "event_id": 3, "alignment": None}},
    )
    assert ready["kind"] == "ready"
    assert audio["sound"]["format"] == {"encoding": encoding, "rate": rate}
    assert audio["sound"]["payload"]["visemes"] == [cue(5, 4)]


def test_elevenlabs_without_alignment_is_written_down_all_the_same(playground: Playground) -> None:
    audio = {"type": "audio", "audio_event": {"audio_base_64": "AAA=", "event_id": 4}}
    response = {
        "type": "agent_response",
        "agent_response_event": {"agent_response": "Good day.", "event_id": 3},
    }
    said, first, second = happenings(playground, "elevenlabs", response, audio, audio)
    assert (said["text"], said["ahead"]) == ("Good day.", True)
    assert (first["kind"], second["kind"]) == ("audio", "audio")
    assert first["sound"]["payload"] is None


def elevenlabs_audio(alignment: list[tuple[str, int]] | None) -> dict[str, Any]:
    """100 ms of audio at 16 kHz, with characters at their times."""
    data = base64.b64encode(bytes(3200)).decode()
    event: dict[str, Any] = {"audio_base_64": data, "event_id": 3}
    if alignment is not None:
        event["alignment"] = {
            "chars": [character for character, _ in alignment],
            "char_start_times_ms": [time for _, time in alignment],
            "char_durations_ms": [10 for _ in alignment],
        }
    return {"type": "audio", "audio_event": event}


RESPONSE = {"type": "agent_response", "agent_response_event": {"agent_response": "A b c.", "event_id": 3}}


def test_elevenlabs_times_of_characters_count_from_the_stretch_of_speech(playground: Playground) -> None:
    happened = happenings(
        playground,
        "elevenlabs",
        RESPONSE,
        elevenlabs_audio([("A", 0), (" ", 90)]),
        elevenlabs_audio(None),
        # What comes late is said at once, the rest at its time.
        elevenlabs_audio([("b", 150), (" ", 220), ("c", 230)]),
        # Another stretch, with a clock of its own.
        elevenlabs_audio([("d", 40)]),
        elevenlabs_audio([("e", 130)]),
    )
    assert [each["kind"] for each in happened] == ["audio"] * 5
    assert [each["sound"]["words"] for each in happened] == [
        [{"offsetMs": 0, "text": "A "}],
        [],
        [{"offsetMs": 0, "text": "b "}, {"offsetMs": 30, "text": "c"}],
        [{"offsetMs": 40, "text": "d"}],
        [{"offsetMs": 30, "text": "e"}],
    ]


def test_elevenlabs_text_that_was_written_down_at_once_is_not_written_again(playground: Playground) -> None:
    said, *audio = happenings(
        playground, "elevenlabs", RESPONSE, elevenlabs_audio(None), elevenlabs_audio([("A", 0)])
    )
    assert (said["text"], said["ahead"]) == ("A b c.", True)
    assert [each["sound"]["words"] for each in audio] == [[], []]


@pytest.mark.parametrize(
    ("kind", "encoding", "rate"),
    [("audio/pcm", "pcm16", 24000), ("audio/pcmu", "ulaw", 8000), ("audio/pcma", "alaw", 8000)],
)
def test_openai_says_its_format_for_each_response(
    playground: Playground, kind: str, encoding: str, rate: int
) -> None:
    output = {"output": {"format": {"type": kind}}}
    delta = {"item_id": "i", "content_index": 0, "delta": "AAA=", "mascotVisemes": {"visemes": []}}
    _, first, second = happenings(
        playground,
        "openai",
        {"type": "session.created", "session": {"audio": output}},
        {"type": "response.created", "response": {"id": "a"}},
        {"type": "response.output_audio.delta", "response_id": "a", **delta},
        {
            "type": "response.created",
            "response": {"id": "b", "audio": {"output": {"format": {"type": "audio/pcm"}}}},
        },
        {"type": "response.output_audio.delta", "response_id": "b", **delta},
    )
    assert first["sound"]["format"] == {"encoding": encoding, "rate": rate}
    assert second["sound"]["format"] == {"encoding": "pcm16", "rate": 24000}


def test_gemini_joins_the_parts_that_a_payload_is_for(playground: Playground) -> None:
    sounds = [bytes([1, 0]) * 800, bytes([2, 0]) * 800]
    parts = [
        {"inlineData": {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(sound).decode()}}
        for sound in sounds
    ]
    payload = {"visemes": [cue(20, 4), cue(70, 6)], "audio_duration": 100}
    message = {
        "serverContent": {"modelTurn": {"parts": [parts[0], {"text": "thinking"}, parts[1]]}},
        "mascotVisemes": payload,
    }
    (happened,) = happenings(playground, "gemini", message)
    assert happened["sound"]["format"] == {"encoding": "pcm16", "rate": 16000}
    assert base64.b64decode(happened["sound"]["base64"]) == b"".join(sounds)
    assert happened["sound"]["payload"] == payload


def test_openai_is_told_what_was_heard(playground: Playground) -> None:
    body = """
        const protocol = m.protocolOf({ id: "openai" });
        for (const message of x) protocol.receive(message);
        return [protocol.cutOff("a", 1234.5), protocol.cutOff("a", 1300), protocol.text("Hi")];
    """
    delta = {"response_id": "a", "item_id": "i", "content_index": 0, "delta": "AAA="}
    messages = [
        {"type": "response.created", "response": {"id": "a"}},
        {"type": "response.output_audio.delta", **delta},
    ]
    first, second, third = run(playground, "providers/index.js", body, messages)
    truncated = {"type": "conversation.item.truncate", "item_id": "i", "content_index": 0}
    assert first == [{"type": "response.cancel"}, {**truncated, "audio_end_ms": 1234}]
    assert second == [{**truncated, "audio_end_ms": 1300}]
    assert [message["type"] for message in third] == ["conversation.item.create", "response.create"]
    assert json.dumps(third).count("Hi") == 1
