"""Requests and responses of ``POST /v1/get-signed-url``, without I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mascot_client.configs import ElevenLabsConfig, GeminiConfig, OpenAIConfig, ProviderConfig
from mascot_client.credentials import GeminiCredentials, SignedUrl
from mascot_client.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ProtocolError,
    RateLimitError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "/v1/get-signed-url"
_SHORTEST_TTL_S = 600
"""Time for which every signed URL can start conversations, in seconds."""
_MAX_ERROR_TEXT = 500
_ERRORS: Mapping[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    429: RateLimitError,
    502: UnavailableError,
    503: UnavailableError,
}


def request_body(config: ProviderConfig, session_ttl: int | None = None) -> dict[str, object]:
    """Return the JSON body of a request for a signed URL.

    Raises:
        ConfigurationError: ``config`` is not one of the three config models, or ``session_ttl`` is out of range.
    """
    if not isinstance(config, ElevenLabsConfig | GeminiConfig | OpenAIConfig):
        raise ConfigurationError("config", "must be an ElevenLabsConfig, a GeminiConfig or an OpenAIConfig")
    body: dict[str, object] = {
        "config": {"provider": config.provider, "provider_config": config.provider_config()}
    }
    if session_ttl is None:
        return body
    # In Python, a bool is an int.
    if type(session_ttl) is not int or session_ttl < _SHORTEST_TTL_S:
        raise ConfigurationError(
            "session_ttl", f"must be a whole number of seconds, {_SHORTEST_TTL_S} or more"
        )
    return {**body, "session_ttl": session_ttl}


def read_answer(
    config: ProviderConfig, api_key: str, status: int, body: bytes, retry_after_s: float | None = None
) -> SignedUrl | GeminiCredentials:
    """Return the result of a response.

    Args:
        config: The config of the request. It determines the type of the result.
        api_key: The API key of the request. It is removed from error messages.
        status: The HTTP status code.
        body: The response body.
        retry_after_s: The time in seconds from the header ``Retry-After``.

    Raises:
        APIStatusError: The status is not 200.
        ProtocolError: The body is not a valid response for this provider.
    """
    answer = _json_object(body)
    if status != 200:  # noqa: PLR2004 - the only status of a successful response
        raise _ERRORS.get(status, APIStatusError)(
            status, _error_text(answer, _secrets(config, api_key)), retry_after_s
        )
    if answer is None:
        raise ProtocolError("response", "must be a JSON object")
    try:
        if isinstance(config, GeminiConfig):
            return GeminiCredentials(_text(answer, "api_key"), _text(answer, "base_url"))
        return SignedUrl(_text(answer, "signed_url"))
    except ConfigurationError as error:
        raise ProtocolError(f"response, {error.field}", error.problem) from None


def _json_object(body: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _text(answer: Mapping[str, object], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"response, {name}", "must be a string")
    return value


def _error_text(answer: Mapping[str, object] | None, secrets: list[str]) -> str:
    text = answer.get("error") if answer is not None else None
    if not isinstance(text, str):
        return ""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text[:_MAX_ERROR_TEXT]


def _secrets(config: ProviderConfig, api_key: str) -> list[str]:
    values = (getattr(config, name) for name in type(config).model_fields)
    return [api_key, *(value.get_secret_value() for value in values if isinstance(value, SecretStr))]
