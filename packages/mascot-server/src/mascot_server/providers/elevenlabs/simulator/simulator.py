"""The simulated ElevenLabs: routing of its requests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlsplit

from mascot_server.providers.elevenlabs.credentials import (
    AGENT_ID,
    API_KEY,
    BRANCH_ID,
    ENVIRONMENTS,
    VERSION_ID,
)
from mascot_server.providers.elevenlabs.simulator.conversation import (
    AUDIO_FORMATS,
    DEFAULT_AUDIO_FORMAT,
    ElevenLabsConversation,
)
from mascot_server.providers.elevenlabs.simulator.errors import elevenlabs_error
from mascot_server.providers.elevenlabs.simulator.queue import QueuedConversation
from mascot_server.providers.elevenlabs.simulator.speech import elevenlabs_speech
from mascot_server.simulators.core.answers import Answer, same
from mascot_server.simulators.core.refusal import Refusal

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.conversation import Conversation
    from mascot_server.simulators.core.provider import Setup
    from mascot_server.simulators.core.synthesis import Spoken

__all__ = ["ElevenLabsSimulator"]

_SOCKET: Final = "/v1/convai/conversation"
_SIGN: Final = "/v1/convai/conversation/get-signed-url"
_KNOWN: Final = {
    "branch_id": (BRANCH_ID,),
    "version_id": (VERSION_ID,),
    "environment": ENVIRONMENTS,
}
_PARAMETERS: Final = {"agent_id", "include_conversation_id", "debug_events_request", *_KNOWN}
_QUEUE, _FULL, _NEWER = (f"{AGENT_ID}_{name}" for name in ("queue", "full", "newer"))
_SPEECH: Final = re.compile(r"/v1/text-to-speech/([^/]+)(?:/stream)?")


class ElevenLabsSimulator:
    """A simulated ElevenLabs.

    Args:
        setup: Setup of the simulators.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def get(self, request: Request, now: float) -> Answer | Conversation | None:
        """Sign a URL, or begin a conversation."""
        if request.path == _SIGN:
            return self._sign(request, now)
        return self._converse(request, now) if request.path == _SOCKET else None

    def post(self, request: Request, body: bytes) -> Answer | Spoken | None:
        """Synthesise the speech of a text."""
        speech = _SPEECH.fullmatch(request.path)
        if speech is None:
            return None
        return elevenlabs_speech(request, speech[1], body, self._setup.language)

    def _sign(self, request: Request, now: float) -> Answer:
        key, agent = request.header("xi-api-key"), request.query("agent_id")
        if not key:
            return elevenlabs_error(
                HTTPStatus.UNAUTHORIZED,
                "needs_authorization",
                "Neither authorization header nor xi-api-key received, please provide one.",
            )
        if not same(key, API_KEY):
            return elevenlabs_error(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Invalid API key")
        if not agent:
            missing = {
                "type": "missing",
                "loc": ["query", "agent_id"],
                "msg": "Field required",
                "input": None,
            }
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": [missing]})
        if self._audio_format(agent) is None:
            return elevenlabs_error(
                HTTPStatus.NOT_FOUND, "agent_not_found", "There is no agent with this agent_id."
            )
        refusal = _refuse_parameters(request)
        if refusal is not None:
            return refusal
        signature = self._signature(agent, round((now + self._setup.signature_lifetime) * 1000))
        scheme = "wss" if request.secure else "ws"
        query = f"agent_id={quote(agent)}&conversation_signature={signature}"
        url = f"{scheme}://{request.header('host')}{_SOCKET}?{query}"
        return Answer(HTTPStatus.OK, {"signed_url": url})

    def _converse(self, request: Request, now: float) -> Conversation:
        agent, signature = request.query("agent_id"), request.query("conversation_signature")
        audio_format = self._audio_format(agent)
        if audio_format is None:
            return Refusal("elevenlabs", 1008, "The AI agent you are trying to reach does not exist.")
        if not signature:
            return Refusal("elevenlabs", 1008, "This agent requires a signed URL.")
        expires = re.match(r"cvtkn_(\d{1,15})_", signature)
        if expires is None or not same(signature, self._signature(agent, int(expires[1]))):
            return Refusal("elevenlabs", 1008, "The conversation signature is invalid.")
        if now * 1000 >= int(expires[1]):
            return Refusal("elevenlabs", 1008, "The conversation signature has expired.")
        pacing, language = self._setup.pacing, self._setup.language
        if agent in {_QUEUE, _FULL}:
            return QueuedConversation(pacing, language, admitted=agent == _QUEUE)
        return ElevenLabsConversation(pacing, audio_format, language, newer=agent == _NEWER)

    def _audio_format(self, agent: str) -> str | None:
        """Return the format for an agent id; `None` if there is no such agent."""
        own = AGENT_ID
        if agent in {own, _QUEUE, _FULL, _NEWER}:
            return DEFAULT_AUDIO_FORMAT
        name = agent.removeprefix(f"{own}_")
        return name if agent.startswith(f"{own}_") and name in AUDIO_FORMATS else None

    def _signature(self, agent: str, expires_ms: int) -> str:
        text = f"{agent}.{expires_ms}".encode()
        digest = hmac.new(API_KEY.encode(), text, hashlib.sha256).digest()
        return f"cvtkn_{expires_ms}_{base64.b32encode(digest[:20]).decode().lower()}"


def _refuse_parameters(request: Request) -> Answer | None:
    """Refuse parameters that the real service does not know, and values that this agent does not have."""
    given = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
    unknown = sorted(given.keys() - _PARAMETERS)
    if unknown:
        detail = {"type": "extra_forbidden", "loc": ["query", unknown[0]], "msg": "Unknown", "input": None}
        return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": [detail]})
    for name, values in _KNOWN.items():
        if name in given and given[name] not in values:
            what = name.removesuffix("_id")
            return elevenlabs_error(
                HTTPStatus.NOT_FOUND, f"{what}_not_found", f"The agent has no such {what}."
            )
    return None
