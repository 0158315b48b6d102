"""Whatever a client sends, a conversation answers or closes; it never breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.providers.elevenlabs.simulator.conversation import ElevenLabsConversation
from mascot_server.providers.gemini.simulator.conversation import GeminiConversation
from mascot_server.providers.openai.simulator.conversation import OpenAIConversation
from mascot_server.simulators.core.conversation import Close, Conversation, Pacing


# Built with split at run time: as lists they would fill a page each.
def _words(text: str) -> list[str]:
    return text.split()


NAMES = _words("""
    type session audio input output format voice turn_detection silence_duration_ms transcription item id role
    content item_id audio_end_ms response response_id metadata output_audio_format modalities output_modalities
    setup model generationConfig responseModalities realtimeInput realtimeInputConfig automaticActivityDetection
    disabled mediaChunks mimeType data text clientContent turnComplete activityStart audioStreamEnd
    user_audio_chunk event_id conversation_config_override conversation text_only dynamic_variables user_name
    input_audio_transcription
""")
VALUES = _words("""
    realtime audio/pcm audio/pcmu g711_ulaw marin echo server_vad message user models/x AUDIO AAAA
    session.update input_audio_buffer.append input_audio_buffer.commit conversation.item.create
    conversation.item.truncate response.create response.cancel conversation_initiation_client_data user_message
    pong {{user_name}} \ud800 \N{PILE OF POO}
""")
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(VALUES) | st.text(max_size=4)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.builds(
    lambda kind, body: {"type": kind} | body,
    st.sampled_from(VALUES),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
)
GEMINI = st.dictionaries(
    st.sampled_from(["clientContent", "realtimeInput", "toolResponse"]),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
    min_size=1,
    max_size=1,
)
SESSIONS = st.builds(
    lambda session: {"type": "session.update", "session": {"type": "realtime"} | session},
    st.fixed_dictionaries({}, optional=dict.fromkeys(("audio", "voice", "turn_detection", "speed"), JSON)),
)
MESSAGES = st.lists((JSON | EVENTS | GEMINI | SESSIONS).map(json.dumps) | st.text() | st.binary(), max_size=6)


def conversations() -> list[Conversation]:
    return [
        ElevenLabsConversation(Pacing()),
        OpenAIConversation(Pacing(), "gpt-realtime"),
        OpenAIConversation(Pacing(), "gpt-4o-realtime-preview", beta=True),
        GeminiConversation(Pacing()),
    ]


@pytest.mark.parametrize("number", range(4))
@given(messages=MESSAGES)
def test_any_messages(number: int, messages: list[Any]) -> None:
    conversation = conversations()[number]
    conversation.open(0.0)
    if number == 3:
        conversation.receive(json.dumps({"setup": {"model": "models/x"}}), 0.0)
    for time, message in enumerate((*messages, "{}")):
        while (action := conversation.next_action(float(time))) is not None:
            if isinstance(action, Close):
                assert len(action.reason.encode()) <= 123
                return
            json.loads(action.message)
        conversation.receive(message, float(time))


# Paths to settings that the conversations look into: whatever stands there must not break them.
PLACES = [
    ("session", "audio"),
    ("session", "audio", "input"),
    ("session", "audio", "output"),
    ("session", "audio", "output", "voice"),
    ("session", "audio", "output", "format"),
    ("session", "audio", "input", "turn_detection"),
    ("session", "audio", "input", "turn_detection", "silence_duration_ms"),
    ("session", "audio", "input", "transcription"),
    ("session", "turn_detection"),
    ("session", "turn_detection", "silence_duration_ms"),
    ("session", "input_audio_transcription"),
    ("session", "voice"),
    ("response", "audio", "output"),
    ("response", "output_modalities"),
    ("response", "voice"),
    ("item", "content"),
    ("item", "role"),
]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
@pytest.mark.parametrize("value", [None, 1, -1, "x", [], ["x"], {}, {"type": []}, {"x": 1}], ids=repr)
def test_any_openai_setting(place: tuple[str, ...], value: Any) -> None:
    kind = {"session": "session.update", "response": "response.create", "item": "conversation.item.create"}
    for beta in (False, True):
        conversation = OpenAIConversation(Pacing(), "gpt-realtime", beta=beta)
        event: dict[str, Any] = {"type": kind[place[0]]}
        holder = event
        for name in place[:-1]:
            extra = {"type": "realtime"} if name == "session" and not beta else {}
            holder[name] = extra | ({"type": "message", "role": "user"} if name == "item" else {})
            holder = holder[name]
        holder[place[-1]] = value
        audio = {"type": "input_audio_buffer.append", "audio": "AAAA"}
        for message in (event, audio, {"type": "response.create"}):
            conversation.receive(json.dumps(message), 0.0)
        while (action := conversation.next_action(100.0)) is not None:
            assert not isinstance(action, Close)
            json.loads(action.message)


CLIENT_DATA = {"type": "conversation_initiation_client_data"}


@pytest.mark.parametrize("name", ["conversation_config_override", "dynamic_variables"])
@given(value=JSON)
def test_any_elevenlabs_client_data(name: str, value: Any) -> None:
    conversation = ElevenLabsConversation(Pacing())
    conversation.open(0.0)
    conversation.receive(json.dumps(CLIENT_DATA | {name: value}), 0.0)
    while (action := conversation.next_action(0.0)) is not None and not isinstance(action, Close):
        json.loads(action.message)


@given(setup=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
def test_any_gemini_setup(setup: dict[str, Any]) -> None:
    session = GeminiConversation(Pacing())
    session.receive(json.dumps({"setup": {"model": "models/x"} | setup}), 0.0)
    session.receive(json.dumps({"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": "AAAA"}}}), 0.0)
    assert session.next_action(0.0) is not None


@pytest.mark.parametrize("depth", [70, 500, 100_000])
@pytest.mark.parametrize("number", range(4))
def test_deep_nesting(number: int, depth: int) -> None:
    conversation = conversations()[number]
    conversation.open(0.0)
    conversation.receive('{"type":' + "[" * depth + "]" * depth + "}", 0.0)
    assert conversation.next_action(0.0) is not None
