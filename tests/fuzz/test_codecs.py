"""Codecs: no frame raises, and taking away what was added gives the provider's frame back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import damaged, mutated, odd_documents
from support.wires import WIRES, elevenlabs_metadata, gemini_content, openai_session, translated_audio

from mascot_server.providers.codec import Audio, TellApp
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.gemini.codec import GeminiCodec
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.providers.openai.translation import TranslationCodec

if TYPE_CHECKING:
    from mascot_server.providers.codec import Codec, Frame

PAYLOAD = '{"visemes":[{"offset":0.0,"visemeId":3}],"audio_duration":20,"mark":"of the fuzzer"}'
MEMBER = f'"mascotVisemes":{PAYLOAD}'
PART = f'"partMetadata":{{{MEMBER}}}'

CLIENT_FRAMES = [
    {"type": "conversation_initiation_client_data", "dynamic_variables": {"name": "Ada", "n": 1.5}},
    {"type": "conversation_initiation_client_data"},
    {"setup": {"model": "models/a", "generationConfig": {}}},
    {"setup": {}},
    {"type": "session.update", "session": {"audio": {"output": {"voice": "sage"}}}},
]


def templates(name: str) -> list[Any]:
    wire = WIRES[name]
    frames: list[Frame] = [
        *wire.opening, wire.audio(bytes(range(40)), 1), *wire.interruption, *wire.turn_end, *wire.broken,
        elevenlabs_metadata("ulaw_8000"),
        openai_session({"type": "audio/pcmu"}),
        gemini_content(interrupted=True, modelTurn={"parts": [{"text": "x"}]}),
    ]  # fmt: skip
    return [json.loads(frame) for frame in frames]


def frames_like(values: list[Any]) -> st.SearchStrategy[Frame]:
    """Generate frames of a provider with arbitrary values, and data that is not a frame."""
    texts = mutated(values) | odd_documents
    whole = texts.map(lambda text: text.encode(errors="surrogatepass"))
    return st.one_of(
        mutated(values),
        mutated(values),
        texts,
        whole,
        st.text(max_size=50),
        damaged(whole),
        damaged(whole).map(lambda b: b.decode(errors="replace")),
    )


def removed(text: str, member: str) -> str:
    """Takes a member out again, with the comma before it."""
    before, found, after = text.rpartition(member)
    return before.removesuffix(",") + after if found else text


def hold_a_conversation(codec: Codec, opening: tuple[Frame, ...], frames: list[Frame]) -> None:
    for frame in (*opening, *frames):
        audio = [event for event in codec.see(frame) if isinstance(event, Audio)]
        assert len(audio) <= 1
        for event in audio:
            *added, sent = codec.attach(frame, event, PAYLOAD)
            assert type(sent) is type(frame)
            if added:
                assert sent == frame
                assert [json.loads(message)["type"] for message in added] == ["visemes"]
                continue
            text = sent if isinstance(sent, str) else sent.decode()
            text = removed(removed(removed(text, MEMBER), PART), MEMBER)
            assert (text if isinstance(frame, str) else text.encode()) == frame


def stays_json(codec: Codec, frames: list[Frame]) -> None:
    for frame in frames:
        sent = codec.see_client(frame)
        assert type(sent) is type(frame)
        if sent != frame:
            # Strict: no NaN, which json.dumps writes and no other parser reads.
            json.loads(sent, parse_constant=refuse, parse_int=str)


def refuse(name: str) -> None:
    raise AssertionError(f"{name} in a frame to the provider")


@fuzzed
@given(st.booleans(), st.lists(frames_like(templates("elevenlabs")), max_size=4))
def test_elevenlabs(opened: bool, frames: list[Frame]) -> None:
    codec = ElevenLabsCodec(sample_rate=16000)
    hold_a_conversation(codec, WIRES["elevenlabs"].opening if opened else (), frames)


@fuzzed
@given(st.booleans(), st.lists(frames_like(templates("openai")), max_size=4))
def test_openai(opened: bool, frames: list[Frame]) -> None:
    hold_a_conversation(OpenAICodec(voice="sage"), WIRES["openai"].opening if opened else (), frames)


@fuzzed
@given(st.booleans(), st.lists(frames_like(templates("openai")), max_size=4))
def test_azures_events(opened: bool, frames: list[Frame]) -> None:
    codec = OpenAICodec(viseme_events="azure")
    for frame in (*(WIRES["openai"].opening if opened else ()), *frames):
        events = codec.see(frame)
        ours = [event.frame for event in events if isinstance(event, TellApp)]
        for audio in (event for event in events if isinstance(event, Audio)):
            *added, sent = codec.attach(frame, audio, PAYLOAD)
            assert sent == frame
            ours += added
        for message in ours:
            assert json.loads(message)["type"].startswith("response.animation_viseme.")


@fuzzed
@given(st.lists(frames_like([json.loads(translated_audio(bytes(40)))]), max_size=4))
def test_translation(frames: list[Frame]) -> None:
    hold_a_conversation(TranslationCodec(), (), frames)


@fuzzed
@given(st.booleans(), st.lists(frames_like(templates("gemini")), max_size=4))
def test_gemini(part_metadata: bool, frames: list[Frame]) -> None:
    hold_a_conversation(GeminiCodec(part_metadata=part_metadata), (), frames)


@fuzzed
@example(frames=['{"type":"conversation_initiation_client_data","dynamic_variables":{"x":1e400}}'])
@given(st.lists(frames_like(CLIENT_FRAMES), max_size=3))
def test_app_frames(frames: list[Frame]) -> None:
    stays_json(ElevenLabsCodec(dynamic_variables={"name": "Grace", "vip": True}), frames)
    stays_json(GeminiCodec(model="gemini-live"), frames)
    stays_json(OpenAICodec(voice="sage"), frames)
