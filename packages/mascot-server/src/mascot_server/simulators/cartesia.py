"""Simulated text to speech of Cartesia: ``POST /tts/bytes``."""

from __future__ import annotations

import re
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mascot_server.simulators.answers import Answer, same
from mascot_server.simulators.synthesis import Spoken, speak
from mascot_server.simulators.wire import read_member, read_object

if TYPE_CHECKING:
    from mascot_server.simulators.answers import Request
    from mascot_server.simulators.credentials import Credentials
    from mascot_server.simulators.sound import Encoding
    from mascot_server.simulators.voice import Language

_ENCODINGS: dict[str, Encoding] = {"pcm_s16le": "pcm16", "pcm_mulaw": "mulaw", "pcm_alaw": "alaw"}
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
_SLOWEST, _FASTEST = 0.6, 1.5
_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
_UNKNOWN_LENGTH = 0xFFFFFFFF


def cartesia_speech(
    request: Request, body: bytes, credentials: Credentials, language: Language
) -> Answer | Spoken:
    """Decide on a request."""
    scheme, _, key = request.header("authorization").partition(" ")
    key = key if scheme.lower() == "bearer" else request.header("x-api-key")
    if not same(key, credentials.cartesia_api_key):
        return _error(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Invalid API key")
    if not _VERSION.fullmatch(request.header("cartesia-version")):
        return _error(HTTPStatus.BAD_REQUEST, "invalid_version", "Missing or invalid Cartesia-Version")
    try:
        return _spoken(read_object(body), credentials, language)
    except ValueError as error:
        return _error(HTTPStatus.BAD_REQUEST, "invalid_request", str(error))


def _spoken(asked: dict[str, Any], credentials: Credentials, language: Language) -> Answer | Spoken:
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
    if voice != credentials.cartesia_voice_id:
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
