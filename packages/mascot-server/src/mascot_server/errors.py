"""What can go wrong, and what the caller is told.

    ServerError
    ├── BadRequest                 the request is wrong: HTTP 400
    ├── Unauthorized               no valid key or token: HTTP 401
    ├── UpstreamError              the provider cannot be talked to: WebSocket close
    │   ├── UpstreamRefused        it answered, and said no: 1008
    │   └── UpstreamUnreachable    it did not answer, or not in a way that makes sense: 1011
    └── SettingsError              the server cannot start with these settings

Each message is meant for the person at the other end and never holds a key, a token or a provider's own error
body.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BadRequest",
    "ServerError",
    "SettingsError",
    "Unauthorized",
    "UpstreamError",
    "UpstreamRefused",
    "UpstreamUnreachable",
]


class ServerError(Exception):
    """Base of all errors of this package."""


class BadRequest(ServerError):
    """The request is wrong; the text names the field and the fix."""

    status: ClassVar[int] = 400


class Unauthorized(ServerError):
    """There is no valid API key or token."""

    status: ClassVar[int] = 401


class SettingsError(ServerError):
    """The server cannot start with these settings; the text names each one and the fix."""


class UpstreamError(ServerError):
    """The provider cannot be talked to.

    Attributes:
        provider: Name of the provider.
        close_code: WebSocket close code that tells the app.
    """

    close_code: ClassVar[int] = 1011

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self.provider = provider


class UpstreamRefused(UpstreamError):
    """The provider answered with an HTTP error.

    Attributes:
        status: Its HTTP status.
    """

    close_code: ClassVar[int] = 1008

    def __init__(self, provider: str, status: int) -> None:
        super().__init__(provider)
        self.status = status

    def __str__(self) -> str:
        hint = ": check the API key or token" if self.status in {401, 403} else ""
        return f"{self.provider} refused the connection with HTTP {self.status}{hint}"


class UpstreamUnreachable(UpstreamError):
    """The provider did not answer, or not with what it should.

    Attributes:
        reason: What happened, in a few words.
    """

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(provider)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.provider} is unreachable: {self.reason}"
