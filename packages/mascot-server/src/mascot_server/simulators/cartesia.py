"""Simulated text to speech of Cartesia: ``POST /tts/bytes``."""

from __future__ import annotations

import re
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mascot_server.simulators.core.answers import Answer, same
from mascot_server.simulators.core.synthesis import Spoken, speak
from mascot_server.simulators.core.wire import read_member, read_object
from mascot_server.simulators.credentials import CARTESIA_API_KEY, CARTESIA_VOICE_ID

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.conversation import Conversation
    from mascot_server.simulators.core.provider import Setup
    from mascot_server.simulators.core.sound import Encoding
    from mascot_server.simulators.core.voice import Language

_ENCODINGS: dict[str, Encoding] = {"pcm_s16le": "pcm16", "pcm_mulaw": "mulaw", "pcm_alaw": "alaw"}
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
_SLOWEST, _FASTEST = 0.6, 1.5
_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
_SPEECH = "/tts/bytes"
_UNKNOWN_LENGTH = 0xFFFFFFFF


class CartesiaSimulator:
    """A simulated Cartesia, with speech synthesis only.

    Args:
        setup: Setup of the simulators.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def get(self, request: Request, now: float) -> Answer | Conversation | None:  # noqa: ARG002 - it has none
        """Return ``None``: it has no sockets."""
        return None

    def post(self, request: Request, body: bytes) -> Answer | Spoken | None:
        """Synthesise the speech of a text."""
        if request.path != _SPEECH:
            return None
        return _speech(request, body, self._setup.language)


def _speech(request: Request, body: bytes, language: Language) -> Answer | Spoken:
    """Return the response to a request."""
    scheme, _, key = request.header("authorization").partition(" ")
    key = key if scheme.lower() == "bearer" else request.header("x-api-key")
    if not same(key, CARTESIA_API_KEY):
        return _error(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Invalid API key")
    if not _VERSION.fullmatch(request.header("cartesia-version")):
        return _error(HTTPStatus.BAD_REQUEST, "invalid_version", "Missing or invalid Cartesia-Version")
    try:
        return _spoken(read_object(body), language)
    except ValueError as error:
        return _error(HTTPStatus.BAD_REQUEST, "invalid_request", str(error))


def _spoken(asked: dict[str, Any], language: Language) -> Answer | Spoken:
    for name in ("model_id", "transcript"):
        if not isinstance(asked.get(name), str) or not asked[name].strip():
            raise ValueError(f"{name} must be text")
    speed = read_member(asked, "generation_config").get("speed", 1.0)
    if not isinstance(speed, int | float) or not _SLOWEST <= speed <= _FASTEST:
        raise ValueError(f"generation_config.speed must be between {_SLOWEST} and {_FASTEST}")
    voice = asked.get("voice")
    voice = voice.get("id") if isinstance(voice, dict) else voice
    wanted = read_member(asked, "output_format")
    container, rate = wanted.get("container"), wanted.get("sample_rate")
    encoding = _ENCODINGS.get(str(wanted.get("encoding")))
    if container not in {"raw", "wav"} or encoding is None or rate not in _RATES:
        raise ValueError("output_format must be raw or wav, of 16-bit PCM, µ-law or A-law, at a usual rate")
    if container == "wav" and encoding != "pcm16":
        raise ValueError("output_format.encoding must be pcm_s16le in WAV")
    if voice != CARTESIA_VOICE_ID:
        return _error(HTTPStatus.NOT_FOUND, "voice_not_found", "Voice not found")
    sound = speak(asked["transcript"], rate, encoding, language)
    if container == "raw":
        return Spoken("audio/pcm", sound)
    return Spoken("audio/wav", sound, _wav_header(rate))


def _wav_header(rate: int) -> bytes:
    described = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    start = struct.pack("<4sI4s", b"RIFF", _UNKNOWN_LENGTH, b"WAVE")
    return start + described + struct.pack("<4sI", b"data", _UNKNOWN_LENGTH)


def _error(status: HTTPStatus, code: str, message: str) -> Answer:
    return Answer(
        status,
        {
            "error_code": code,
            "title": message,
            "message": message,
            "request_id": "00000000-0000-4000-8000-000000000000",
        },
    )
