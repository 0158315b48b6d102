"""Simulated ephemeral tokens: ``POST /v1/realtime/client_secrets`` of OpenAI, ``POST /v1alpha/auth_tokens`` of Google.

All that are made are the same one, the token that the sockets accept; it never expires.
"""

from __future__ import annotations

import time
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mascot_server.simulators.answers import Answer, same
from mascot_server.simulators.wire import read_member, read_object

if TYPE_CHECKING:
    from mascot_server.simulators.answers import Request
    from mascot_server.simulators.credentials import Credentials

_SHORTEST_S, _LONGEST_S = 10, 7200
_DEFAULT_S = 600


def openai_secret(request: Request, body: bytes, credentials: Credentials) -> Answer:
    """Decide on a request for a client secret."""
    scheme, _, key = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer" or not same(key, credentials.openai_api_key):
        return _openai_error(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.", "invalid_api_key")
    try:
        session, seconds = _asked_of_openai(body)
    except ValueError as error:
        return _openai_error(HTTPStatus.BAD_REQUEST, str(error), "invalid_value")
    made = {"object": "realtime.session", "id": f"sess_{1:021d}", **session}
    expires_at = int(time.time()) + seconds
    return Answer(
        HTTPStatus.OK, {"value": credentials.openai_ephemeral, "expires_at": expires_at, "session": made}
    )


def _asked_of_openai(body: bytes) -> tuple[dict[str, Any], int]:
    asked = read_object(body)
    session, lifetime = read_member(asked, "session"), read_member(asked, "expires_after")
    if session.get("type") not in {"realtime", "transcription"}:
        raise ValueError("session.type must be realtime or transcription")
    seconds = lifetime.get("seconds", _DEFAULT_S)
    if type(seconds) is not int or not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise ValueError(f"expires_after.seconds must be between {_SHORTEST_S} and {_LONGEST_S}")
    return session, seconds


def gemini_token(request: Request, body: bytes, credentials: Credentials) -> Answer:
    """Decide on a request for an auth token."""
    key = request.header("x-goog-api-key") or request.query("key")
    if not key:
        text = "Method doesn't allow unregistered callers. Please use an API key."
        return _gemini_error(HTTPStatus.FORBIDDEN, text, "PERMISSION_DENIED")
    if not same(key, credentials.gemini_api_key):
        text = "API key not valid. Please pass a valid API key."
        return _gemini_error(HTTPStatus.BAD_REQUEST, text, "INVALID_ARGUMENT")
    try:
        _check_asked_of_gemini(read_object(body))
    except ValueError as error:
        return _gemini_error(HTTPStatus.BAD_REQUEST, str(error), "INVALID_ARGUMENT")
    return Answer(HTTPStatus.OK, {"name": credentials.gemini_ephemeral})


def _check_asked_of_gemini(asked: dict[str, Any]) -> None:
    for name in ("newSessionExpireTime", "expireTime"):
        if name in asked:
            try:
                datetime.fromisoformat(asked[name])
            except (TypeError, ValueError):
                raise ValueError(f"{name} must be a time as RFC 3339 has it") from None
    if type(asked.get("uses", 1)) is not int:
        raise ValueError("uses must be a whole number")


def _openai_error(status: HTTPStatus, message: str, code: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer(status, {"error": error})


def _gemini_error(status: HTTPStatus, message: str, name: str) -> Answer:
    return Answer(status, {"error": {"code": status.value, "message": message, "status": name}})
