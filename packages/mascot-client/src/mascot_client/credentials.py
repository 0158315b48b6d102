"""Responses of the server: the URL and the credentials for one conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from mascot_client._checks import require_header_value, require_url
from mascot_client.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A WebSocket URL that opens a conversation with one provider through the server.

    You can open a connection with it for 10 minutes; a running conversation is not interrupted after that. Keep the
    URL secret: anyone who has it can open a conversation that you pay for. ``repr`` does not show the token.

    Attributes:
        url: The complete URL, with the token.

    Raises:
        ConfigurationError: The URL does not start with ``ws://`` or ``wss://``, or has no host or no token.
    """

    url: str

    def __post_init__(self) -> None:
        parts = require_url("SignedUrl.url", self.url, {"ws", "wss"})
        if not parse_qs(parts.query).get("token"):
            raise ConfigurationError(
                "SignedUrl.url", "must have a token in its query; use the URL that get_signed_url returned"
            )

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        return f"SignedUrl('{parts.scheme}://{parts.netloc}{parts.path}?token=***')"


@dataclass(frozen=True, slots=True)
class GeminiCredentials:
    """Credentials for google-genai, to open a Live session through the server.

    You can open a connection with them for 10 minutes. Keep ``api_key`` secret; ``repr`` does not show it.

    Attributes:
        api_key: A token of the mascot server. The SDK sends it in place of a Google API key.
        base_url: The server's URL. Pass it to the SDK as ``http_options.base_url``.

    Raises:
        ConfigurationError: ``api_key`` is empty or not valid in an HTTP header, or ``base_url`` is not
            ``http(s)://HOST``.
    """

    api_key: str = field(repr=False)
    base_url: str

    def __post_init__(self) -> None:
        require_header_value("GeminiCredentials.api_key", self.api_key)
        require_url("GeminiCredentials.base_url", self.base_url, {"http", "https"})
