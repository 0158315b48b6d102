"""Ephemeral tokens of OpenAI and Gemini, so that a conversation's token never holds a standing key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from mascot_server.errors import BadGateway
from mascot_server.transport.fetching import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["mint_gemini", "mint_openai"]

_TIMEOUT: Final = 10.0
"""Seconds for a provider to answer."""
_START_WITHIN_S: Final = 600
"""As long as our own tokens are good."""
_TALK_FOR_S: Final = 1800


async def mint_openai(http: httpx.AsyncClient, origin: str, api_key: str, *, model: str) -> str:
    """Makes a client secret at OpenAI.

    Args:
        http: Client to ask with.
        origin: Where OpenAI is.
        api_key: Standing key.
        model: Realtime model that the secret is for.

    Returns:
        The secret.

    Raises:
        BadGateway: OpenAI did not make one; the text says why and holds nothing of its answer.
    """
    question = {
        "session": {"type": "realtime", "model": model},
        "expires_after": {"anchor": "created_at", "seconds": _START_WITHIN_S},
    }
    url, headers = f"{origin}/v1/realtime/client_secrets", {"Authorization": f"Bearer {api_key}"}
    return await _made(http, url, headers, question, provider="OpenAI", field="value")


async def mint_gemini(http: httpx.AsyncClient, origin: str, api_key: str) -> str:
    """Makes an auth token at Google, which opens one session.

    Args:
        http: Client to ask with.
        origin: Where the Gemini API is.
        api_key: Standing key.

    Returns:
        The name of the token, which is the token.

    Raises:
        BadGateway: Google did not make one; the text says why and holds nothing of its answer.
    """
    now = datetime.now(UTC)
    question = {
        "uses": 1,
        "newSessionExpireTime": _timestamp(now + timedelta(seconds=_START_WITHIN_S)),
        "expireTime": _timestamp(now + timedelta(seconds=_TALK_FOR_S)),
    }
    # The only version of Google's API that makes tokens.
    url, headers = f"{origin}/v1alpha/auth_tokens", {"x-goog-api-key": api_key}
    return await _made(http, url, headers, question, provider="Gemini", field="name")


def _timestamp(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


async def _made(
    http: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    question: Mapping[str, Any],
    *,
    provider: str,
    field: str,
) -> str:
    try:
        request = http.build_request("POST", url, headers=headers, json=question, timeout=_TIMEOUT)
        answer = await fetch(http, request, seconds=_TIMEOUT)
    except httpx.HTTPError as error:
        raise BadGateway(f"{provider} made no ephemeral token: {type(error).__name__}") from None
    if 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110, section 15.4
        raise BadGateway(
            f"{provider} made no ephemeral token and answered with a redirect (HTTP {answer.status}), "
            "which is not followed"
        )
    if answer.is_error:
        raise BadGateway(
            f"{provider} made no ephemeral token and answered HTTP {answer.status}: "
            f"check MASCOT_DEMO_{provider.upper()}_API_KEY"
        )
    try:
        token = answer.json()[field]
    except (KeyError, TypeError, ValueError):
        token = None
    if not isinstance(token, str) or not token:
        raise BadGateway(f"{provider} made no ephemeral token: its answer holds none")
    return token
