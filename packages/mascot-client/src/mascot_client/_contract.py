"""The signed URL contract without I/O: a request to send, and an answer or an error from what came back."""

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
"""For so long every answer starts conversations."""
_MAX_ERROR_TEXT = 500
_ERRORS: Mapping[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    429: RateLimitError,
    502: UnavailableError,
    503: UnavailableError,
}


def request_body(config: ProviderConfig, session_ttl: int | None = None) -> dict[str, object]:
    """The JSON body that asks for a signed URL.

    Raises:
        ConfigurationError: ``config`` is none of the three config models, or ``session_ttl`` is out of range.
    """
    if not isinstance(config, ElevenLabsConfig | GeminiConfig | OpenAIConfig):
        raise ConfigurationError("config", "must be an ElevenLabsConfig, a GeminiConfig or an OpenAIConfig")
    body: dict[str, object] = {
        "config": {"provider": config.provider, "provider_config": config.provider_config()}
    }
    if session_ttl is None:
        return body
    # A bool is an int in Python.
    if type(session_ttl) is not int or session_ttl < _SHORTEST_TTL_S:
        raise ConfigurationError(
            "session_ttl", f"must be a whole number of seconds, {_SHORTEST_TTL_S} or more"
        )
    return {**body, "session_ttl": session_ttl}


def read_answer(
    config: ProviderConfig, api_key: str, status: int, body: bytes, retry_after_s: float | None = None
) -> SignedUrl | GeminiCredentials:
    """The typed answer for what was asked.

    Args:
        config: What was asked for; it decides the type of the answer.
        api_key: The key the request was made with, so that no error repeats it.
        status: The HTTP status code.
        body: The response body.
        retry_after_s: What the server asked for in ``Retry-After``.

    Raises:
        APIStatusError: The status is not 200.
        ProtocolError: The body is not the answer that the contract promises for this provider.
    """
    answer = _json_object(body)
    if status != 200:  # noqa: PLR2004 - the only status the contract has for an answer
        raise _ERRORS.get(status, APIStatusError)(
            status, _error_text(answer, _secrets(config, api_key)), retry_after_s
        )
    if answer is None:
        raise ProtocolError("answer", "is not a JSON object")
    try:
        if isinstance(config, GeminiConfig):
            return GeminiCredentials(_text(answer, "api_key"), _text(answer, "base_url"))
        return SignedUrl(_text(answer, "signed_url"))
    except ConfigurationError as error:
        raise ProtocolError(f"answer, {error.field}", error.problem) from None


def _json_object(body: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _text(answer: Mapping[str, object], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"answer, {name}", "must be a string")
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
