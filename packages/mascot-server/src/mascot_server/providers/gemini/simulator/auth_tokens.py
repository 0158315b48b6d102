"""Simulated auth tokens: ``POST /v1alpha/auth_tokens``.

All requests return the same token, which the socket accepts; it never expires.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mascot_server.providers.gemini.credentials import API_KEY, EPHEMERAL
from mascot_server.simulators.core.answers import Answer, same
from mascot_server.simulators.core.wire import read_object

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request

__all__ = ["auth_token"]


def auth_token(request: Request, body: bytes) -> Answer:
    """Return the response to a request for an auth token."""
    key = request.header("x-goog-api-key") or request.query("key")
    if not key:
        text = "Method doesn't allow unregistered callers. Please use an API key."
        return _error(HTTPStatus.FORBIDDEN, text, "PERMISSION_DENIED")
    if not same(key, API_KEY):
        text = "API key not valid. Please pass a valid API key."
        return _error(HTTPStatus.BAD_REQUEST, text, "INVALID_ARGUMENT")
    try:
        _check_asked(read_object(body))
    except ValueError as error:
        return _error(HTTPStatus.BAD_REQUEST, str(error), "INVALID_ARGUMENT")
    return Answer(HTTPStatus.OK, {"name": EPHEMERAL})


def _check_asked(asked: dict[str, Any]) -> None:
    for name in ("newSessionExpireTime", "expireTime"):
        if name in asked:
            try:
                datetime.fromisoformat(asked[name])
            except (TypeError, ValueError):
                raise ValueError(f"{name} must be a time as RFC 3339 has it") from None
    if type(asked.get("uses", 1)) is not int:
        raise ValueError("uses must be a whole number")


def _error(status: HTTPStatus, message: str, name: str) -> Answer:
    return Answer(status, {"error": {"code": status.value, "message": message, "status": name}})
