"""The part of each provider's wire format that a relay needs: address, opening messages, audio both ways.

A message is `head + tag + tail`. The tag says which speaker and which of its messages it is; it is in a member
that relays forward, so the other end can identify the message after any change.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PROVIDERS", "SIGN_PATH", "Messages", "Wire", "read_tag", "sample_rate", "tag", "wire"]

PROVIDERS: Final = ("openai", "openai-live", "gemini", "elevenlabs")
SIGN_PATH: Final = "/v1/convai/conversation/get-signed-url"
"""Path for signed URLs of ElevenLabs."""

_MARK: Final = b"bench-"
_SPEAKER_DIGITS: Final = 5
_NUMBER_DIGITS: Final = 8
_AFTER_SPEAKER: Final = len(_MARK) + _SPEAKER_DIGITS
_TAG_SIZE: Final = _AFTER_SPEAKER + _NUMBER_DIGITS
_HOLE: Final = "@"


def tag(speaker: int, number: int) -> bytes:
    """Return the tag of a speaker's message."""
    return b"bench-%05d%08d" % (speaker, number)


def read_tag(message: bytes) -> tuple[int, int] | None:
    """Return speaker and number of a message; `None` if it is not one of ours."""
    at = message.find(_MARK)
    if at < 0:
        return None
    return int(message[at + len(_MARK) : at + _AFTER_SPEAKER]), int(
        message[at + _AFTER_SPEAKER : at + _TAG_SIZE]
    )


@dataclass(frozen=True, slots=True)
class Messages:
    """Audio messages of one side, split at the position of the tag.

    Attributes:
        head: Text before the tag.
        tails: Text after the tag, one per chunk of the recording.
        silence: Text after the tag for a chunk of silence.
        binary: Whether messages are binary instead of text.
    """

    head: bytes
    tails: tuple[bytes, ...]
    silence: bytes
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """Wire format of a provider.

    Attributes:
        provider: Name of the provider.
        path: Path of its socket, with a query.
        provider_config: Configuration in the request for a signed URL.
        hello: First message of the app, if any.
        greeting: First message of the provider.
        waits: Whether the provider waits for the app's first message.
        begin: Message of the provider at the start of a turn, if any.
        end: Message at the end of a turn, if any.
        agent: Audio messages of the provider.
        microphone: Audio messages of the app.
        continuous: Whether the provider has no turns and sends silence between them.
    """

    provider: str
    path: str
    provider_config: dict[str, str]
    hello: bytes | None
    greeting: bytes
    waits: bool
    begin: bytes | None
    end: bytes | None
    agent: Messages
    microphone: Messages
    continuous: bool = False


def wire(provider: str, chunks: Sequence[bytes], *, unknown_format: bool = False) -> Wire:
    """Return the wire format of a provider.

    Args:
        provider: One of `PROVIDERS`.
        chunks: PCM16 at the wire's rate, `CHUNK_S` each.
        unknown_format: Use an unknown audio format, so that mascot-server forwards the audio without visemes.
    """
    wires = {
        "openai": _openai,
        "openai-live": _openai_live,
        "gemini": _gemini,
        "elevenlabs": _elevenlabs,
    }
    return wires[provider]([base64.b64encode(chunk).decode() for chunk in chunks], unknown_format)


def sample_rate(provider: str) -> int:
    """Return the sample rate of a provider's audio in Hz."""
    return 16000 if provider == "elevenlabs" else 24000


def _openai(chunks: list[str], unknown: bool) -> Wire:  # noqa: FBT001 - one of three alike
    audio_format = {"type": "audio/unknown"} if unknown else {"type": "audio/pcm", "rate": 24000}
    session = {
        "id": "sess_bench",
        "type": "realtime",
        "model": "gpt-realtime",
        "audio": {
            "input": {"format": {"type": "audio/pcm", "rate": 24000}},
            "output": {"format": audio_format},
        },
    }
    place = {"response_id": "resp_bench", "item_id": "item_bench", "output_index": 0, "content_index": 0}
    response = {"object": "realtime.response", "id": "resp_bench", "output": []}
    return Wire(
        provider="openai",
        path="/v1/realtime?model=gpt-realtime",
        provider_config={"ephemeral_token": "ek_bench"},
        hello=None,
        greeting=_json({"type": "session.created", "event_id": "event_0", "session": session}),
        waits=False,
        begin=_json({"type": "response.created", "response": response | {"status": "in_progress"}}),
        end=_json({"type": "response.done", "response": response | {"status": "completed"}}),
        agent=_messages(
            {"type": "response.output_audio.delta", "event_id": _HOLE, **place}, ("delta",), chunks
        ),
        microphone=_messages({"type": "input_audio_buffer.append", "event_id": _HOLE}, ("audio",), chunks),
    )


def _openai_live(chunks: list[str], unknown: bool) -> Wire:  # noqa: FBT001
    audio_format = {"type": "audio/unknown"} if unknown else {"type": "audio/pcm", "rate": 24000}
    session = {"id": "live_bench", "model": "gpt-live-1", "audio": {"format": audio_format}}
    return Wire(
        provider="openai",
        path="/v1/live/sessions",
        provider_config={"api": "live", "api_key": "sk_bench"},
        hello=_json({"type": "session.start", "session": {"model": "gpt-live-1"}}),
        greeting=_json({"type": "session.started", "event_id": "event_0", "session": session}),
        waits=True,
        begin=None,
        end=None,
        agent=_messages({"type": "session.output_audio.delta", "event_id": _HOLE}, ("delta",), chunks),
        microphone=_messages({"type": "session.input_audio.append", "event_id": _HOLE}, ("audio",), chunks),
        continuous=True,
    )


def _gemini(chunks: list[str], unknown: bool) -> Wire:  # noqa: FBT001
    kind = "audio/unknown" if unknown else "audio/pcm;rate=24000"
    part = {"inlineData": {"mimeType": kind}}
    agent = {"benchTag": _HOLE, "serverContent": {"modelTurn": {"parts": [part]}}}
    microphone = {"benchTag": _HOLE, "realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=24000"}}}
    return Wire(
        provider="gemini",
        path="/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
        provider_config={"api_key": "AIzaBench"},
        hello=_json({"setup": {"model": "models/gemini-live"}}),
        greeting=_json({"setupComplete": {}}),
        waits=True,
        begin=None,
        end=_json({"serverContent": {"turnComplete": True}}),
        agent=_messages(
            agent,
            ("serverContent", "modelTurn", "parts", 0, "inlineData", "data"),
            chunks,
            binary=True,
        ),
        microphone=_messages(microphone, ("realtimeInput", "audio", "data"), chunks),
    )


def _elevenlabs(chunks: list[str], unknown: bool) -> Wire:  # noqa: FBT001
    formats = {
        "conversation_id": "conv_bench",
        "agent_output_audio_format": "unknown" if unknown else "pcm_16000",
        "user_input_audio_format": "pcm_16000",
    }
    greeting = {
        "type": "conversation_initiation_metadata",
        "conversation_initiation_metadata_event": formats,
    }
    transcript = {"type": "user_transcript", "user_transcription_event": {"user_transcript": "Go on."}}
    return Wire(
        provider="elevenlabs",
        path="/v1/convai/conversation?agent_id=bench",
        provider_config={"api_key": "sk_bench", "agent_id": "bench"},
        hello=_json({"type": "conversation_initiation_client_data"}),
        greeting=_json(greeting),
        waits=False,
        begin=None,
        end=_json(transcript),
        agent=_messages(
            {"type": "audio", "audio_event": {"bench_tag": _HOLE, "event_id": 1}},
            ("audio_event", "audio_base_64"),
            chunks,
        ),
        microphone=_messages({"bench_tag": _HOLE}, ("user_audio_chunk",), chunks),
    )


def _messages(
    message: dict[str, Any], place: tuple[str | int, ...], chunks: list[str], *, binary: bool = False
) -> Messages:
    """Insert each chunk into the message and split it at the position of the tag."""
    holder: Any = message
    for step in place[:-1]:
        holder = holder[step]
    silence = base64.b64encode(bytes(len(base64.b64decode(chunks[0])))).decode()
    cut = []
    for chunk in (*chunks, silence):
        holder[place[-1]] = chunk
        cut.append(_json(message).split(_HOLE.encode(), 1))
    *tails, still = [tail for _, tail in cut]
    return Messages(cut[0][0], tuple(tails), still, binary)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
