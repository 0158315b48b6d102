"""Validation of handshakes of a simulated GPT-Live."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mascot_server.providers.openai.credentials import API_KEY
from mascot_server.providers.openai.live.simulator.conversation import LiveConversation
from mascot_server.simulators.core.answers import Answer, same

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.conversation import Conversation
    from mascot_server.simulators.core.provider import Setup

__all__ = ["LIVE_SOCKET", "converse"]

LIVE_SOCKET: Final = "/v1/live/sessions"


def converse(request: Request, setup: Setup) -> Answer | Conversation:
    """Begin a conversation, or refuse it: it takes a standing key, no query and no ``Origin``."""
    scheme, _, key = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return _error(HTTPStatus.UNAUTHORIZED, "Missing bearer authentication in header")
    if not same(key, API_KEY):
        return _error(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.")
    if request.header("origin"):
        return _error(HTTPStatus.FORBIDDEN, "Live sessions cannot be opened by a web page.")
    if urlsplit(f"http://host{request.target}").query:
        return _error(HTTPStatus.BAD_REQUEST, "Live sessions take no query: name the model in session.start.")
    return LiveConversation(setup.pacing, setup.language)


def _error(status: HTTPStatus, message: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Answer(status, {"error": error})
