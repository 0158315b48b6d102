"""Which requests come in: what each provider asks at its door, and how it turns others away.

Sans-I/O: a request's target and headers in, an `Answer` over HTTP or a conversation out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from mascot_server.simulators.answers import Answer, elevenlabs_error, same
from mascot_server.simulators.cartesia import cartesia_speech
from mascot_server.simulators.elevenlabs import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT, ElevenLabsConversation
from mascot_server.simulators.elevenlabs_tts import elevenlabs_speech
from mascot_server.simulators.gemini import GeminiConversation
from mascot_server.simulators.minting import gemini_token, openai_secret
from mascot_server.simulators.openai import OpenAIConversation
from mascot_server.simulators.openai_events import error_event
from mascot_server.simulators.openai_session import RefusedError
from mascot_server.simulators.refusal import Refusal

if TYPE_CHECKING:
    from mascot_server.simulators.answers import Request
    from mascot_server.simulators.conversation import Conversation, Pacing
    from mascot_server.simulators.credentials import Credentials
    from mascot_server.simulators.synthesis import Spoken
    from mascot_server.simulators.voice import Language

_ELEVENLABS_SOCKET = "/v1/convai/conversation"
_ELEVENLABS_SIGN = "/v1/convai/conversation/get-signed-url"
_ELEVENLABS_SPEECH = re.compile(r"/v1/text-to-speech/([^/]+)(?:/stream)?")
_CARTESIA_SPEECH = "/tts/bytes"
_OPENAI_SOCKET = "/v1/realtime"
_OPENAI_MINT = "/v1/realtime/client_secrets"
_GEMINI_MINT = "/v1alpha/auth_tokens"
_GEMINI_SOCKET = re.compile(
    r"/ws/google\.ai\.generativelanguage\.v1(?:alpha|beta)?\.GenerativeService\.BidiGenerateContent(Constrained)?"
)
_OPENAI_KEY_PROTOCOL = "openai-insecure-api-key."
_BETA_MODEL = "gpt-4o-realtime-preview"


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors of the providers.

    Attributes:
        credentials: what they accept.
        pacing: how time passes behind them.
        beta: whether OpenAI still speaks its beta API.
        signature_lifetime: seconds for which ElevenLabs' signed URL can be dialled.
        language: what the agents behind them speak.
    """

    credentials: Credentials
    pacing: Pacing
    beta: bool
    signature_lifetime: float
    language: Language = "en"

    def admit(self, request: Request, now: float) -> Answer | Conversation:
        """Decide on a request; ``now`` is seconds of a clock that signatures can be dated by."""
        if request.path == _ELEVENLABS_SIGN:
            return self._sign(request, now)
        if request.path == _ELEVENLABS_SOCKET:
            return self._elevenlabs(request, now)
        if request.path == _OPENAI_SOCKET:
            return self._openai(request)
        gemini = _GEMINI_SOCKET.fullmatch(request.path)
        if gemini:
            return self._gemini(request, constrained=gemini[1] is not None)
        return Answer(HTTPStatus.NOT_FOUND, {"detail": "Not Found"})

    def post(self, request: Request, body: bytes) -> Answer | Spoken:
        """Decide on a POST request."""
        speech = _ELEVENLABS_SPEECH.fullmatch(request.path)
        if speech:
            return elevenlabs_speech(request, speech[1], body, self.credentials, self.language)
        if request.path == _CARTESIA_SPEECH:
            return cartesia_speech(request, body, self.credentials, self.language)
        if request.path == _OPENAI_MINT:
            return openai_secret(request, body, self.credentials)
        if request.path == _GEMINI_MINT:
            return gemini_token(request, body, self.credentials)
        return Answer(HTTPStatus.NOT_FOUND, {"detail": "Not Found"})

    def _sign(self, request: Request, now: float) -> Answer:
        key, agent = request.header("xi-api-key"), request.query("agent_id")
        if not key:
            return elevenlabs_error(
                HTTPStatus.UNAUTHORIZED,
                "needs_authorization",
                "Neither authorization header nor xi-api-key received, please provide one.",
            )
        if not same(key, self.credentials.elevenlabs_api_key):
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
        signature = self._signature(agent, round((now + self.signature_lifetime) * 1000))
        scheme = "wss" if request.secure else "ws"
        query = f"agent_id={quote(agent)}&conversation_signature={signature}"
        url = f"{scheme}://{request.header('host')}{_ELEVENLABS_SOCKET}?{query}"
        return Answer(HTTPStatus.OK, {"signed_url": url})

    def _elevenlabs(self, request: Request, now: float) -> Conversation:
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
        return ElevenLabsConversation(self.pacing, audio_format, self.language)

    def _audio_format(self, agent: str) -> str | None:
        """The format that an agent id asks for; None where there is no such agent."""
        own = self.credentials.elevenlabs_agent_id
        if agent == own:
            return DEFAULT_AUDIO_FORMAT
        name = agent.removeprefix(f"{own}_")
        return name if agent.startswith(f"{own}_") and name in AUDIO_FORMATS else None

    def _signature(self, agent: str, expires_ms: int) -> str:
        text = f"{agent}.{expires_ms}".encode()
        digest = hmac.new(self.credentials.elevenlabs_api_key.encode(), text, hashlib.sha256).digest()
        return f"cvtkn_{expires_ms}_{base64.b32encode(digest[:20]).decode().lower()}"

    def _openai(self, request: Request) -> Answer | Conversation:
        scheme, _, key = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer":
            offered = re.split(r",\s*", request.header("sec-websocket-protocol"))
            keys = [name for name in offered if name.startswith(_OPENAI_KEY_PROTOCOL)]
            key = keys[0].removeprefix(_OPENAI_KEY_PROTOCOL) if keys else ""
        accepted = (self.credentials.openai_api_key, self.credentials.openai_ephemeral)
        if not key:
            return _openai_error(None, "Missing bearer or basic authentication in header")
        if not any(same(key, known) for known in accepted):
            return _openai_error("invalid_api_key", "Incorrect API key provided.")
        model = request.query("model")
        if not model:
            return _openai_closed("missing_model", "You must provide a model parameter.", "model")
        beta = self.beta or model.startswith(_BETA_MODEL)
        if request.header("openai-beta") and not beta:
            text = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
            return _openai_closed("beta_api_shape_disabled", text)
        return OpenAIConversation(self.pacing, model, beta=beta, language=self.language)

    def _gemini(self, request: Request, *, constrained: bool) -> Conversation:
        if not constrained:
            key = request.header("x-goog-api-key") or request.query("key")
            if not key:
                text = "Method doesn't allow unregistered callers. Please use an API key."
                return Refusal("gemini", 1008, text)
            if not same(key, self.credentials.gemini_api_key):
                return Refusal("gemini", 1007, "API key not valid. Please pass a valid API key.")
            return GeminiConversation(self.pacing, self.language)
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() != "token":
            token = request.query("access_token")
        if not same(token, self.credentials.gemini_ephemeral):
            return Refusal("gemini", 1008, "The access token is missing or not valid.")
        return GeminiConversation(self.pacing, self.language)


def _openai_error(code: str | None, message: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer(HTTPStatus.UNAUTHORIZED, {"error": error})


def _openai_closed(code: str, message: str, param: str | None = None) -> Refusal:
    event = {"event_id": f"event_{1:021d}", **error_event(RefusedError(code, message, param))}
    return Refusal("openai", 4000, f"invalid_request_error.{code}", [event])
