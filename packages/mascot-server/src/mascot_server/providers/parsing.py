"""Parsing of the provider and its configuration, from a request and from a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import from_json

from mascot_server.errors import BadRequest
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from mascot_server.providers.config import ProviderConfig

__all__ = ["SignedUrlRequest", "parse_request", "parse_sealed"]


@dataclass(frozen=True, slots=True)
class SignedUrlRequest:
    """A request for a signed URL.

    Attributes:
        config: Connection details of the provider.
        session_ttl: How long the URL can resume a conversation, not validated yet; ``None`` if it is missing.
    """

    config: ProviderConfig
    session_ttl: object = None


def parse_request(body: bytes) -> SignedUrlRequest:
    """Parse the body of ``POST /v1/get-signed-url``.

    Raises:
        BadRequest: The body does not match the contract; the text names the field and the fix.
    """
    try:
        request = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise _invalid("the body is not JSON") from None
    asked = _object(request, "the body")
    config = _object(asked.get("config"), "config")
    name = config.get("provider")
    provider = PROVIDERS.get(name) if isinstance(name, str) else None
    if provider is None:
        raise _invalid(f"config.provider: must be one of {', '.join(PROVIDERS)}")
    place = "config.provider_config"
    try:
        details = provider.config.model_validate(_object(config.get("provider_config"), place))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join((place, *(str(step) for step in first["loc"])))
        raise _invalid(f"{field}: {first['msg'].removeprefix('Value error, ')}") from None
    return SignedUrlRequest(details, asked.get("session_ttl"))


def parse_sealed(provider: str, sealed: bytes) -> ProviderConfig:
    """Parse the decrypted configuration of a token: ``config.model_dump_json()``."""
    return PROVIDERS[provider].config.model_validate_json(sealed)


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{place}: must be an object")
    return value


def _invalid(problem: str) -> BadRequest:
    return BadRequest(f"Invalid provider config: {problem}")
