"""What the server answers: how to reach the provider through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, urlsplit

from .errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A WebSocket URL that opens one provider's conversation through the server.

    Valid for 10 minutes to start a connection; a running conversation goes on. Treat it as a secret: whoever
    holds it can talk at your expense. Its ``repr`` shows the address without the token.

    Attributes:
        url: the whole URL, token included.

    Raises:
        ConfigurationError: the URL is not ``ws://`` or ``wss://``, names no host or carries no token.
    """

    url: str

    def __post_init__(self) -> None:
        parts = _split("SignedUrl.url", self.url, {"ws", "wss"})
        if not parse_qs(parts.query).get("token"):
            raise ConfigurationError("SignedUrl.url", "has no token in its query")

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        return f"SignedUrl('{parts.scheme}://{parts.netloc}{parts.path}?token=***')"


@dataclass(frozen=True, slots=True)
class GeminiCredentials:
    """What google-genai needs to open a Live session through the server.

    Valid for 10 minutes to start a connection. Treat ``api_key`` as a secret; the ``repr`` hides it.

    Attributes:
        api_key: a token of the server's, which the SDK sends where Google's key would go.
        base_url: the server's origin, ``http_options.base_url`` for the SDK.

    Raises:
        ConfigurationError: the key is empty or cannot stand in a header, or the URL is not ``http(s)://HOST``.
    """

    api_key: str = field(repr=False)
    base_url: str

    def __post_init__(self) -> None:
        require_header_value("GeminiCredentials.api_key", self.api_key)
        _split("GeminiCredentials.base_url", self.base_url, {"http", "https"})


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
    parts = _split(name, value, {"http", "https"})
    if parts.query or parts.fragment:
        raise ConfigurationError(name, "must not have a query or fragment")
    return str(value).rstrip("/")


def _split(name: str, value: object, schemes: set[str]) -> SplitResult:
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
