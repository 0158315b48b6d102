"""Checks of what the user gives, before it reaches a library that would quote it in its own error."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, urlsplit

from mascot_client.errors import ConfigurationError


def given_or_environment(name: str, value: str | None, variable: str) -> str:
    """Give an argument back, or the environment's variable where it is left out.

    Raises:
        ConfigurationError: There is neither.
    """
    found = os.environ.get(variable, "").strip() if value is None else value
    if value is None and not found:
        raise ConfigurationError(name, f"give it, or set {variable} in the environment")
    return found


def require_header_value(name: str, value: object) -> str:
    """Give the value back if it can stand in an HTTP header, and raise ``ConfigurationError`` if not.

    HTTP libraries quote a refused header value in their error; checking here keeps keys out of tracebacks.
    """
    if not isinstance(value, str) or not value:
        raise ConfigurationError(name, "must be a non-empty string")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(name, "must be printable ASCII without blanks or line breaks")
    return value


def require_base_url(name: str, value: object) -> str:
    """Give a server's URL back without a trailing slash, or raise ``ConfigurationError``."""
    parts = require_url(name, value, {"http", "https"})
    if parts.query or parts.fragment:
        raise ConfigurationError(name, "must not have a query or fragment")
    return str(value).rstrip("/")


def require_url(name: str, value: object, schemes: set[str]) -> SplitResult:
    """Give an absolute URL's parts back, or raise ``ConfigurationError``."""
    wanted = " or ".join(f"{scheme}://HOST…" for scheme in sorted(schemes))
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise ConfigurationError(name, f"must be {wanted}")
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        raise ConfigurationError(name, f"must be {wanted}") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise ConfigurationError(name, f"must be {wanted}")
    if parts.username is not None:
        raise ConfigurationError(name, "must not carry a user name or password")
    return parts
