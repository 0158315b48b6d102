"""The simulated OpenAI: routing of its requests."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mascot_server.providers.openai.credentials import API_KEY, EPHEMERAL
from mascot_server.providers.openai.live.simulator.handshake import LIVE_SOCKET, converse
from mascot_server.providers.openai.simulator.client_secrets import client_secret
from mascot_server.providers.openai.simulator.conversation import OpenAIConversation
from mascot_server.providers.openai.simulator.events import error_event
from mascot_server.providers.openai.simulator.services import SERVICES
from mascot_server.providers.openai.simulator.session import RefusedError
from mascot_server.providers.openai.simulator.translation import TranslationConversation
from mascot_server.simulators.core.answers import Answer, same
from mascot_server.simulators.core.refusal import Refusal

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.conversation import Conversation
    from mascot_server.simulators.core.provider import Setup
    from mascot_server.simulators.core.synthesis import Spoken

__all__ = ["OpenAISimulator"]

_SOCKET: Final = "/v1/realtime"
_TRANSLATIONS: Final = "/v1/realtime/translations"
_MINT: Final = "/v1/realtime/client_secrets"
_MINT_TRANSLATION: Final = "/v1/realtime/translations/client_secrets"
_KEY_PROTOCOL: Final = "openai-insecure-api-key."
_BETA_MODEL: Final = "gpt-4o-realtime-preview"


class OpenAISimulator:
    """A simulated OpenAI.

    Args:
        setup: Setup of the simulators.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def get(self, request: Request, now: float) -> Answer | Conversation | None:  # noqa: ARG002 - nothing is dated
        """Begin a conversation."""
        if request.path == LIVE_SOCKET:
            return converse(request, self._setup)
        return self._converse(request) if request.path in (_SOCKET, _TRANSLATIONS) else self._serve(request)

    def post(self, request: Request, body: bytes) -> Answer | Spoken | None:
        """Create a client secret."""
        if request.path == _MINT_TRANSLATION:
            return client_secret(request, body, ("translation",))
        return client_secret(request, body) if request.path == _MINT else None

    def _serve(self, request: Request) -> Answer | Conversation | None:
        """Begin a conversation as another service with the same protocol does, under a path of its own."""
        name, _, path = request.path.removeprefix("/").partition("/")
        service = SERVICES.get(name)
        if service is None or f"/{path}" != service.path:
            return None
        return service.refusal(request) or service.conversation(request, self._setup)

    def _converse(self, request: Request) -> Answer | Conversation:
        scheme, _, key = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer":
            offered = re.split(r",\s*", request.header("sec-websocket-protocol"))
            keys = [name for name in offered if name.startswith(_KEY_PROTOCOL)]
            key = keys[0].removeprefix(_KEY_PROTOCOL) if keys else ""
        accepted = (API_KEY, EPHEMERAL)
        if not key:
            return _error(None, "Missing bearer or basic authentication in header")
        if not any(same(key, known) for known in accepted):
            return _error("invalid_api_key", "Incorrect API key provided.")
        model = request.query("model")
        if not model:
            return _closed("missing_model", "You must provide a model parameter.", "model")
        if request.path == _TRANSLATIONS:
            return TranslationConversation(self._setup.pacing, model, self._setup.language)
        beta = self._setup.beta or model.startswith(_BETA_MODEL)
        if request.header("openai-beta") and not beta:
            text = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
            return _closed("beta_api_shape_disabled", text)
        return OpenAIConversation(self._setup.pacing, model, beta=beta, language=self._setup.language)


def _error(code: str | None, message: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer(HTTPStatus.UNAUTHORIZED, {"error": error})


def _closed(code: str, message: str, param: str | None = None) -> Refusal:
    event = {"event_id": f"event_{1:021d}", **error_event(RefusedError(code, message, param))}
    return Refusal("openai", 4000, f"invalid_request_error.{code}", [event])
