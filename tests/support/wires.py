"""The wire formats of the three providers. Only this module distinguishes the providers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.gemini.codec import GeminiCodec
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.providers.openai.live.codec import LiveCodec

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.providers.codec import Codec, Frame


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Wire:
    """Frames of one provider's service.

    Attributes:
        name: Name of the provider.
        codec: Returns its codec.
        opening: Frames before any audio. The format they name is 16-bit PCM at 24 kHz.
        audio: A frame with this audio, the n-th.
        interruption: Frames of an interruption.
        turn_end: Frames at the end of a turn.
        broken: Frames whose audio cannot be used.
        payload: Removes the viseme payload from a forwarded audio frame; returns the payload and the frame.
    """

    name: str
    codec: Callable[[], Codec]
    opening: tuple[Frame, ...]
    audio: Callable[[bytes, int], Frame]
    interruption: tuple[Frame, ...]
    turn_end: tuple[Frame, ...]
    broken: tuple[Frame, ...]
    payload: Callable[[tuple[Frame, ...]], tuple[dict[str, Any], Frame]]


def elevenlabs_audio(data: bytes, n: int) -> str:
    # White space as in the service, so that the tests detect a codec that serialises frames again.
    return json.dumps({"audio_event": {"audio_base_64": b64(data), "event_id": n}, "type": "audio"}, indent=1)


def elevenlabs_metadata(audio_format: str | None) -> str:
    event = {"conversation_id": "conv_1", "user_input_audio_format": "pcm_16000"}
    if audio_format is not None:
        event["agent_output_audio_format"] = audio_format
    return json.dumps(
        {"type": "conversation_initiation_metadata", "conversation_initiation_metadata_event": event}
    )


def _elevenlabs_payload(frames: tuple[Frame, ...]) -> tuple[dict[str, Any], Frame]:
    visemes, audio = frames
    assert isinstance(visemes, str)
    payload = json.loads(visemes)
    assert payload.pop("type") == "visemes"
    return payload, audio


def openai_audio(data: bytes, n: int) -> str:
    return json.dumps(
        {
            "type": "response.output_audio.delta",
            "event_id": f"event_{n}",
            "response_id": "resp_1",
            "item_id": "item_1",
            "output_index": 0,
            "content_index": 0,
            "delta": b64(data),
        }
    )


def openai_session(audio_format: dict[str, Any], voice: str = "marin", kind: str = "session.created") -> str:
    session = {"type": "realtime", "audio": {"output": {"format": audio_format, "voice": voice}}}
    return json.dumps({"type": kind, "event_id": "event_0", "session": session})


def translated_audio(data: bytes) -> str:
    event = {"type": "session.output_audio.delta", "event_id": "event_1", "delta": b64(data)}
    return json.dumps({**event, "format": "pcm16", "sample_rate": 24000, "channels": 1, "elapsed_ms": 0})


def openai_beta_audio(data: bytes, n: int) -> str:
    return openai_audio(data, n).replace("response.output_audio.delta", "response.audio.delta")


def openai_beta_session(audio_format: str, kind: str = "session.created") -> str:
    session = {"voice": "alloy", "modalities": ["audio", "text"], "output_audio_format": audio_format}
    return json.dumps({"type": kind, "event_id": "event_0", "session": session})


def xai_audio(data: bytes, n: int) -> str:
    """Return frames without indices, as from xAI."""
    event = json.loads(openai_audio(data, n))
    return json.dumps({name: value for name, value in event.items() if not name.endswith("_index")})


def _openai_payload(frames: tuple[Frame, ...]) -> tuple[dict[str, Any], Frame]:
    (frame,) = frames
    assert isinstance(frame, str)
    payload = json.loads(frame)["mascotVisemes"]
    return payload, frame.replace(f',"mascotVisemes":{json.dumps(payload, separators=(",", ":"))}', "", 1)


def gemini_audio(data: bytes, _: int, mime_type: str = "audio/pcm;rate=24000") -> bytes:
    part = {"inlineData": {"mimeType": mime_type, "data": b64(data)}}
    return json.dumps({"serverContent": {"modelTurn": {"parts": [part], "role": "model"}}}, indent=2).encode()


def gemini_content(**content: Any) -> bytes:
    return json.dumps({"serverContent": content}).encode()


def _gemini_payload(frames: tuple[Frame, ...]) -> tuple[dict[str, Any], Frame]:
    (frame,) = frames
    assert isinstance(frame, bytes)
    payload = json.loads(frame)["mascotVisemes"]
    member = f',"mascotVisemes":{json.dumps(payload, separators=(",", ":"))}'
    return payload, frame.replace(member.encode(), b"", 1)


WIRES = {
    wire.name: wire
    for wire in (
        Wire(
            name="elevenlabs",
            codec=ElevenLabsCodec,
            opening=(elevenlabs_metadata("pcm_24000"),),
            audio=elevenlabs_audio,
            interruption=(json.dumps({"type": "interruption", "interruption_event": {"event_id": 3}}),),
            turn_end=(
                json.dumps(
                    {"type": "user_transcript", "user_transcription_event": {"user_transcript": "Well?"}}
                ),
            ),
            broken=(
                json.dumps({"type": "audio", "audio_event": {"audio_base_64": "AAAAA", "event_id": 1}}),
                json.dumps({"type": "audio", "audio_event": {"audio_base_64": None, "event_id": 1}}),
                json.dumps({"type": "audio", "audio_event": {"event_id": 1}}),
                json.dumps({"type": "audio"}),
            ),
            payload=_elevenlabs_payload,
        ),
        Wire(
            name="openai",
            codec=OpenAICodec,
            opening=(openai_session({"type": "audio/pcm", "rate": 24000}),),
            audio=openai_audio,
            interruption=(
                json.dumps(
                    {"type": "input_audio_buffer.speech_started", "audio_start_ms": 10, "item_id": "item_2"}
                ),
                json.dumps({"type": "response.done", "response": {"id": "resp_1", "status": "cancelled"}}),
            ),
            turn_end=(
                json.dumps({"type": "response.done", "response": {"id": "resp_1", "status": "completed"}}),
            ),
            broken=(
                json.dumps({"type": "response.output_audio.delta", "delta": "A*A=", "response_id": "resp_1"}),
                json.dumps({"type": "response.output_audio.delta", "delta": 7}),
                json.dumps({"type": "response.audio.delta"}),
            ),
            payload=_openai_payload,
        ),
        Wire(
            name="gemini",
            codec=GeminiCodec,
            opening=(b'{"setupComplete": {}}',),
            audio=gemini_audio,
            interruption=(gemini_content(interrupted=True), gemini_content(turnComplete=True)),
            turn_end=(gemini_content(generationComplete=True), gemini_content(turnComplete=True)),
            broken=(
                gemini_audio(b"", 0, "audio/opus"),
                gemini_audio(b"", 0, "audio/pcm;rate=fast"),
                gemini_audio(b"", 0, "audio/pcm;rate=96000"),
                gemini_content(
                    modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": "AA==AA=="}}]}
                ),
                gemini_content(modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm"}}]}),
            ),
            payload=_gemini_payload,
        ),
    )
}

OPENAI_BETA = replace(WIRES["openai"], opening=(openai_beta_session("pcm16"),), audio=openai_beta_audio)
"""OpenAI's beta, which other services still speak."""

XAI = replace(
    WIRES["openai"],
    opening=(
        json.dumps({"type": "conversation.created", "conversation": {"id": "conv_1"}}),
        json.dumps({"type": "ping"}),
        *WIRES["openai"].opening,
    ),
    audio=xai_audio,
    # No event ends a response.
    turn_end=(
        json.dumps({"type": "response.output_audio.done", "response_id": "resp_1"}),
        json.dumps({"type": "response.created", "response": {"id": "resp_2"}}),
    ),
)
"""xAI's, which differs in details."""


def live_started(**session: Any) -> str:
    resolved = {"id": "live_1", "model": "gpt-live-1", "status": "active", "expires_at": 1, **session}
    return json.dumps({"type": "session.started", "event_id": "event_0", "session": resolved})


def live_audio(data: bytes, _: int) -> str:
    return json.dumps({"type": "session.output_audio.delta", "delta": b64(data)})


OPENAI_LIVE = Wire(
    name="openai",
    codec=LiveCodec,
    opening=(live_started(audio={"format": {"type": "audio/pcm", "rate": 24000}}),),
    audio=live_audio,
    interruption=(),
    turn_end=(),
    broken=(
        json.dumps({"type": "session.output_audio.delta", "delta": "A*A="}),
        json.dumps({"type": "session.output_audio.delta"}),
    ),
    payload=_openai_payload,
)
"""GPT-Live. It has neither turns nor interruptions, so the tests of all wires do not hold for it."""
