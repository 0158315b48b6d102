"""What the server answers: how to reach the provider through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from mascot_client._checks import require_header_value, require_url
from mascot_client.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A WebSocket URL that opens one provider's conversation through the server.

    Valid for 10 minutes to start a connection; a running conversation goes on. Treat it as a secret: whoever
    holds it can talk at your expense. Its ``repr`` shows the address without the token.

    Attributes:
        url: The whole URL, token included.

    Raises:
        ConfigurationError: The URL is not ``ws://`` or ``wss://``, names no host or carries no token.
    """

    url: str

    def __post_init__(self) -> None:
        parts = require_url("SignedUrl.url", self.url, {"ws", "wss"})
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
        api_key: A token of the server's, which the SDK sends where Google's key would go.
        base_url: The server's origin, ``http_options.base_url`` for the SDK.

    Raises:
        ConfigurationError: The key is empty or cannot stand in a header, or the URL is not ``http(s)://HOST``.
    """

    api_key: str = field(repr=False)
    base_url: str

    def __post_init__(self) -> None:
        require_header_value("GeminiCredentials.api_key", self.api_key)
        require_url("GeminiCredentials.base_url", self.base_url, {"http", "https"})
