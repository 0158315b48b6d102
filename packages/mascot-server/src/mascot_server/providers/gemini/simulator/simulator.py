"""The simulated Gemini: routing of its requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mascot_server.providers.gemini.credentials import API_KEY, EPHEMERAL
from mascot_server.providers.gemini.simulator.auth_tokens import auth_token
from mascot_server.providers.gemini.simulator.conversation import GeminiConversation
from mascot_server.providers.gemini.simulator.vertex import VERTEX_SOCKET, converse
from mascot_server.simulators.core.answers import same
from mascot_server.simulators.core.refusal import Refusal

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Answer, Request
    from mascot_server.simulators.core.conversation import Conversation
    from mascot_server.simulators.core.provider import Setup
    from mascot_server.simulators.core.synthesis import Spoken

__all__ = ["GeminiSimulator"]

_MINT: Final = "/v1alpha/auth_tokens"
_SOCKET: Final = re.compile(
    r"/ws/google\.ai\.generativelanguage\.v1(?:alpha|beta)?\.GenerativeService\.BidiGenerateContent(Constrained)?"
)


class GeminiSimulator:
    """A simulated Gemini.

    Args:
        setup: Setup of the simulators.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def get(self, request: Request, now: float) -> Answer | Conversation | None:  # noqa: ARG002 - nothing is dated
        """Begin a session."""
        if VERTEX_SOCKET.fullmatch(request.path):
            return converse(request, self._setup)
        socket = _SOCKET.fullmatch(request.path)
        return None if socket is None else self._converse(request, constrained=socket[1] is not None)

    def post(self, request: Request, body: bytes) -> Answer | Spoken | None:
        """Create an auth token."""
        return auth_token(request, body) if request.path == _MINT else None

    def _converse(self, request: Request, *, constrained: bool) -> Conversation:
        if not constrained:
            key = request.header("x-goog-api-key") or request.query("key")
            if not key:
                text = "Method doesn't allow unregistered callers. Please use an API key."
                return Refusal("gemini", 1008, text)
            if not same(key, API_KEY):
                return Refusal("gemini", 1007, "API key not valid. Please pass a valid API key.")
            return GeminiConversation(self._setup.pacing, self._setup.language)
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() != "token":
            token = request.query("access_token")
        if not same(token, EPHEMERAL):
            return Refusal("gemini", 1008, "The access token is missing or not valid.")
        return GeminiConversation(self._setup.pacing, self._setup.language)
