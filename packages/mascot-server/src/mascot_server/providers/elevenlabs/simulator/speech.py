"""Simulated text to speech of ElevenLabs: ``POST /v1/text-to-speech/{voice_id}`` and ``…/stream``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mascot_server.providers.elevenlabs.credentials import API_KEY, VOICE_ID
from mascot_server.providers.elevenlabs.simulator.conversation import AUDIO_FORMATS
from mascot_server.providers.elevenlabs.simulator.errors import elevenlabs_error
from mascot_server.simulators.core.answers import Answer, same
from mascot_server.simulators.core.synthesis import Spoken, speak
from mascot_server.simulators.core.wire import read_member, read_object

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.sound import Encoding
    from mascot_server.simulators.core.voice import Language

_SLOWEST, _FASTEST = 0.7, 1.2
_DEFAULT_FORMAT = "mp3_44100_128"


class _RefusedError(Exception):
    """The request is answered with an error, which is its argument."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


def elevenlabs_speech(request: Request, voice: str, body: bytes, language: Language) -> Answer | Spoken:
    """Return the response to a request for speech with a voice."""
    try:
        _check_key(request.header("xi-api-key"))
        text = _text(body)
        if voice != VOICE_ID:
            message = f"A voice with the voice_id {voice} was not found."
            raise _refused(HTTPStatus.NOT_FOUND, "voice_not_found", message)
        sample_rate, encoding = _format(request.query("output_format") or _DEFAULT_FORMAT)
    except _RefusedError as error:
        return error.answer
    return Spoken("audio/pcm", speak(text, sample_rate, encoding, language))


def _check_key(key: str) -> None:
    if not key:
        message = "Neither authorization header nor xi-api-key received, please provide one."
        raise _refused(HTTPStatus.UNAUTHORIZED, "needs_authorization", message)
    if not same(key, API_KEY):
        raise _refused(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Invalid API key")


def _text(body: bytes) -> str:
    try:
        asked = read_object(body)
        speed = read_member(asked, "voice_settings").get("speed")
    except ValueError as error:
        raise _unprocessable(["body"], str(error)) from None
    text = asked.get("text")
    if not isinstance(text, str):
        raise _unprocessable(["body", "text"], "Field required" if text is None else "Input should be text")
    if not text.strip():
        raise _refused(HTTPStatus.BAD_REQUEST, "input_text_empty", "The text must not be empty.")
    if speed is not None and not (isinstance(speed, int | float) and _SLOWEST <= speed <= _FASTEST):
        message = f"The speed must be between {_SLOWEST} and {_FASTEST}."
        raise _refused(HTTPStatus.BAD_REQUEST, "invalid_voice_settings", message)
    return text


def _format(name: str) -> tuple[int, Encoding]:
    if name not in AUDIO_FORMATS:
        message = "The simulator speaks PCM and µ-law only."
        raise _refused(HTTPStatus.FORBIDDEN, "output_format_not_allowed", message)
    return AUDIO_FORMATS[name]


def _refused(status: HTTPStatus, code: str, message: str) -> _RefusedError:
    return _RefusedError(elevenlabs_error(status, code, message))


def _unprocessable(place: list[str], problem: str) -> _RefusedError:
    detail: dict[str, Any] = {"type": "value_error", "loc": place, "msg": problem, "input": None}
    return _RefusedError(Answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": [detail]}))
