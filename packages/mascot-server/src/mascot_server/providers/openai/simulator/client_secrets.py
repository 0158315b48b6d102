"""Simulated client secrets: ``POST /v1/realtime/client_secrets``, and ``…/translations/client_secrets``.

All requests return the same token, which the socket accepts; it never expires.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mascot_server.providers.openai.credentials import API_KEY, EPHEMERAL
from mascot_server.simulators.core.answers import Answer, same
from mascot_server.simulators.core.wire import read_member, read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mascot_server.simulators.core.answers import Request

__all__ = ["client_secret"]

_SHORTEST_S, _LONGEST_S = 10, 7200
_DEFAULT_S = 600


def client_secret(
    request: Request, body: bytes, kinds: Sequence[str] = ("realtime", "transcription")
) -> Answer:
    """Return the response to a request for a client secret.

    Args:
        request: Request to answer.
        body: Its body.
        kinds: Types of session that the secret may be for.
    """
    scheme, _, key = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer" or not same(key, API_KEY):
        return _error(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.", "invalid_api_key")
    try:
        session, seconds = _asked(body, kinds)
    except ValueError as error:
        return _error(HTTPStatus.BAD_REQUEST, str(error), "invalid_value")
    made = {"object": "realtime.session", "id": f"sess_{1:021d}", "type": kinds[0], **session}
    expires_at = int(time.time()) + seconds
    return Answer(HTTPStatus.OK, {"value": EPHEMERAL, "expires_at": expires_at, "session": made})


def _asked(body: bytes, kinds: Sequence[str]) -> tuple[dict[str, Any], int]:
    asked = read_object(body)
    session, lifetime = read_member(asked, "session"), read_member(asked, "expires_after")
    # A session of a translation needs no type.
    if session.get("type", kinds[0] if len(kinds) == 1 else None) not in kinds:
        raise ValueError(f"session.type must be {' or '.join(kinds)}")
    seconds = lifetime.get("seconds", _DEFAULT_S)
    if type(seconds) is not int or not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise ValueError(f"expires_after.seconds must be between {_SHORTEST_S} and {_LONGEST_S}")
    return session, seconds


def _error(status: HTTPStatus, message: str, code: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer(status, {"error": error})
