"""What is peculiar to one provider's codec."""

from __future__ import annotations

import binascii
import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.wires import b64, elevenlabs_audio, elevenlabs_metadata, gemini_audio, openai_session

from mascot_server.providers.codec import AskUpstream, Audio, AudioFormat, Undecodable, decode_base64
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.gemini.codec import GeminiCodec
from mascot_server.providers.openai.codec import OpenAICodec

PAYLOAD = {"visemes": [], "audio_duration": 1}
FORMAT = AudioFormat("pcm16", 24000)


class TestElevenLabs:
    def test_nothing_is_added_before_the_metadata(self) -> None:
        codec = ElevenLabsCodec(sample_rate=16000)
        (event,) = codec.see(elevenlabs_audio(b"\0\0", 1))
        assert isinstance(event, Undecodable)

    def test_the_configured_rate_is_a_fallback_only(self) -> None:
        for stated, rate in [(None, 44100), ("pcm_8000", 8000)]:
            codec = ElevenLabsCodec(sample_rate=44100)
            codec.see(elevenlabs_metadata(stated))
            assert codec.see(elevenlabs_audio(b"\0\0", 7)) == (Audio(b"\0\0", AudioFormat("pcm16", rate), 7),)

    def test_dynamic_variables_are_merged_into_the_first_data_and_the_app_wins(self) -> None:
        codec = ElevenLabsCodec(dynamic_variables={"name": "Ada", "age": 36, "vip": True})
        first = '{"type":"conversation_initiation_client_data", "dynamic_variables":{"name":"Grace"},"x":1.0}'
        assert codec.see_client(first) == (
            '{"type":"conversation_initiation_client_data", '
            '"dynamic_variables":{"name":"Grace","age":36,"vip":true},"x":1.0}'
        )
        assert codec.see_client(first) is first

    def test_dynamic_variables_are_added_where_the_app_has_none(self) -> None:
        codec = ElevenLabsCodec(dynamic_variables={"name": "Ada"})
        assert codec.see_client('{"user_audio_chunk":"AAAA"}') == '{"user_audio_chunk":"AAAA"}'
        edited = codec.see_client('{"type":"conversation_initiation_client_data"}')
        assert json.loads(edited)["dynamic_variables"] == {"name": "Ada"}


class TestOpenAI:
    def test_a_configured_voice_is_asked_for_once_and_only_if_the_session_has_another(self) -> None:
        codec = OpenAICodec(voice="cedar")
        (event,) = codec.see(openai_session({"type": "audio/pcm"}, voice="marin"))
        assert isinstance(event, AskUpstream)
        assert json.loads(event.frame) == {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
        }
        assert codec.see(openai_session({"type": "audio/pcm"}, voice="marin", kind="session.updated")) == ()
        assert OpenAICodec(voice="marin").see(openai_session({"type": "audio/pcm"}, voice="marin")) == ()
        assert OpenAICodec().see(openai_session({"type": "audio/pcm"}, voice="marin")) == ()

    def test_the_beta_is_asked_in_its_own_words(self) -> None:
        session = {"voice": "alloy", "output_audio_format": "pcm16"}
        (event,) = OpenAICodec(voice="sage").see(json.dumps({"type": "session.created", "session": session}))
        assert isinstance(event, AskUpstream)
        assert json.loads(event.frame) == {"type": "session.update", "session": {"voice": "sage"}}


class TestGemini:
    @staticmethod
    def attach(codec: GeminiCodec, frame: bytes) -> Any:
        (audio,) = codec.see(frame)
        assert isinstance(audio, Audio)
        (sent,) = codec.attach(frame, audio, json.dumps(PAYLOAD))
        assert isinstance(sent, bytes)
        return json.loads(sent)

    def test_python_apps_get_the_payload_in_the_audio_part_too(self) -> None:
        codec = GeminiCodec(part_metadata=True)
        sent = self.attach(codec, gemini_audio(b"\0\0", 1))
        assert sent["mascotVisemes"] == PAYLOAD
        assert sent["serverContent"]["modelTurn"]["parts"][0]["partMetadata"] == {"mascotVisemes": PAYLOAD}
        assert "partMetadata" not in self.attach(GeminiCodec(), gemini_audio(b"\0\0", 1))["serverContent"]["modelTurn"][
            "parts"
        ][0]  # fmt: skip

    @pytest.mark.parametrize("metadata", [{}, {"a": 1}, None])
    def test_metadata_of_the_provider_is_kept(self, metadata: dict[str, int] | None) -> None:
        part = {"partMetadata": metadata, "inlineData": {"mimeType": "audio/pcm", "data": "AAA="}}
        frame = json.dumps({"serverContent": {"modelTurn": {"parts": [{"text": "hm"}, part]}}}).encode()
        sent = self.attach(GeminiCodec(part_metadata=True), frame)
        text, audio = sent["serverContent"]["modelTurn"]["parts"]
        assert text == {"text": "hm"}
        assert audio["partMetadata"] == (metadata or {}) | {"mascotVisemes": PAYLOAD}

    def test_several_audio_parts_make_one_audio(self) -> None:
        parts = [
            {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": b64(data)}} for data in (b"ab", b"cd")
        ]
        frame = json.dumps({"serverContent": {"modelTurn": {"parts": [{"text": "x"}, *parts]}}})
        (audio,) = GeminiCodec().see(frame)
        assert audio == Audio(b"abcd", FORMAT, 1, ("serverContent", "modelTurn", "parts", 1))

    def test_other_media_are_not_audio(self) -> None:
        frame = json.dumps(
            {
                "serverContent": {
                    "modelTurn": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}
                }
            }
        )
        assert GeminiCodec().see(frame) == ()

    @pytest.mark.parametrize("configured", ["gemini-live", "models/gemini-live"])
    def test_the_configured_model_replaces_the_apps(self, configured: str) -> None:
        codec = GeminiCodec(model=configured)
        edited = codec.see_client('{"setup": {"model": "models/dearer", "generationConfig": {"x": 1.50}}}')
        assert edited == '{"setup": {"model": "models/gemini-live", "generationConfig": {"x": 1.50}}}'
        same = '{"setup":{"model":"models/gemini-live"}}'
        assert codec.see_client(same) is same
        assert json.loads(codec.see_client('{"setup":{}}')) == {"setup": {"model": "models/gemini-live"}}
        assert codec.see_client(b'{"realtimeInput":{}}') == b'{"realtimeInput":{}}'


base64_like = st.text("AQgw/+9=-_ \n\u00e4", max_size=12) | st.binary(max_size=40).map(
    lambda b: b64encode(b).decode()
)


@given(base64_like)
def test_base64_is_read_in_either_alphabet_padded_or_not(text: str) -> None:
    digits = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        expected = binascii.a2b_base64(digits + "=" * (-len(digits) % 4), strict_mode=True)
    except ValueError:
        expected = None
    assert decode_base64(text) == expected


@given(st.binary(max_size=40), st.booleans(), st.booleans())
def test_audio_survives_every_spelling_of_base64(data: bytes, url_safe: bool, padded: bool) -> None:
    text = (urlsafe_b64encode if url_safe else b64encode)(data).decode()
    assert decode_base64(text if padded else text.rstrip("=")) == data
