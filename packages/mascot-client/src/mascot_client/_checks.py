"""Validate arguments before they reach a library whose errors would contain the value."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, urlsplit

from mascot_client.errors import ConfigurationError


def given_or_environment(name: str, value: str | None, variable: str) -> str:
    """Return an argument, or an environment variable if the argument is missing.

    Raises:
        ConfigurationError: Both are missing.
    """
    found = os.environ.get(variable, "").strip() if value is None else value
    if value is None and not found:
        raise ConfigurationError(
            name, f"is required; pass {name}, or set the environment variable {variable}"
        )
    return found


def require_header_value(name: str, value: object) -> str:
    """Return a value that is valid in an HTTP header.

    HTTP libraries show an invalid header value in their errors. This check keeps keys out of tracebacks.

    Raises:
        ConfigurationError: The value is not valid in an HTTP header.
    """
    if not isinstance(value, str) or not value:
        raise ConfigurationError(name, "must be a non-empty string")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(name, "must be printable ASCII without spaces or line breaks")
    return value


def require_base_url(name: str, value: object) -> str:
    """Return the URL of a server without its trailing slash.

    Raises:
        ConfigurationError: The value is not a URL of the form ``http(s)://HOST[:PORT][/PREFIX]``.
    """
    parts = require_url(name, value, {"http", "https"})
    if parts.query or parts.fragment:
        raise ConfigurationError(name, "must not have a query or fragment")
    return str(value).rstrip("/")


def require_url(name: str, value: object, schemes: set[str]) -> SplitResult:
    """Return the parts of an absolute URL.

    Raises:
        ConfigurationError: The value is not a URL, or its scheme is not in ``schemes``.
    """
    wanted = " or ".join(f"{scheme}://HOST…" for scheme in sorted(schemes))
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise ConfigurationError(name, f"must be {wanted}")
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises for a port that is not a number
    except ValueError:
        raise ConfigurationError(name, f"must be {wanted}") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise ConfigurationError(name, f"must be {wanted}")
    if parts.username is not None:
        raise ConfigurationError(name, "must not contain a user name or password")
    return parts
