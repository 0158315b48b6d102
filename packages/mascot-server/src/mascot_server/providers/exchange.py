"""HTTP exchanges with a provider, sans-I/O: a generator yields requests and receives the responses."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

__all__ = ["Exchange", "HttpAnswer", "HttpRequest", "is_redirect"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to a provider's HTTP API.

    Attributes:
        method: HTTP method.
        url: Whole URL, without a secret in it.
        headers: Headers; they may hold a key.
        params: Query parameters, not yet encoded.
        content: JSON body; ``None`` for a request without one.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A response of a provider's HTTP API.

    Attributes:
        status: HTTP status.
        body: Body; it may hold a token.
    """

    status: int
    body: bytes = field(repr=False)

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx. Redirects are never followed, because the key would be sent to the target."""
        return is_redirect(self.status)

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return self.status >= HTTPStatus.BAD_REQUEST

    def member(self, name: str) -> str | None:
        """Return a field of the JSON object in the body if it is a non-empty string, otherwise ``None``."""
        try:
            value = json.loads(self.body)[name]
        except (KeyError, TypeError, ValueError, RecursionError):
            return None
        return value if isinstance(value, str) and value else None


def is_redirect(status: int) -> bool:
    """Return whether an HTTP status is 3xx."""
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


Exchange = Generator[HttpRequest, HttpAnswer, T]
"""A generator of consecutive requests; its return value is the result of the exchange."""
