"""The errors of the package.

    ServerError
    ├── Refusal                    answered with an HTTP status and {"error": text}
    │   ├── BadRequest             the request is invalid: 400
    │   ├── Unauthorized           no valid key or token: 401
    │   ├── Forbidden              the web origin is not allowed: 403
    │   ├── NotFound               there is no such path: 404
    │   ├── RequestTimeout         the body arrives too slowly: 408
    │   ├── TooLarge               the body is too large: 413
    │   ├── UpgradeRequired        the path is a WebSocket: 426
    │   ├── TooManyRequests        a limit of the key is reached: 429
    │   ├── BadGateway             another service failed: 502
    │   └── Unavailable            this server cannot answer now: 503
    ├── StoreError                 keys or limits cannot be read or written
    │   └── StoreRefused           the store answered with an error
    ├── UpstreamError              no connection to the provider: WebSocket close
    │   ├── UpstreamRefused        it answered with an HTTP error: 1008
    │   └── UpstreamUnreachable    it did not answer, or not as expected: 1011
    └── SettingsError              the server cannot start with these settings

Each message is written for the client's developer and never contains a key, a token or a provider's own error
body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BadGateway",
    "BadRequest",
    "Forbidden",
    "NotFound",
    "Refusal",
    "RequestTimeout",
    "ServerError",
    "SettingsError",
    "StoreError",
    "StoreRefused",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "UpgradeRequired",
    "UpstreamError",
    "UpstreamRefused",
    "UpstreamUnreachable",
]


class ServerError(Exception):
    """Base of all errors of this package."""


class Refusal(ServerError):
    """A request or a handshake is rejected with an HTTP status and ``{"error": text}``.

    Attributes:
        status: HTTP status.
        retry_after: Seconds until a retry can succeed, if known.
    """

    status: ClassVar[int]

    def __init__(self, text: str, *, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response: ``Retry-After`` if it is known."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the response."""
        return {"error": str(self)}


class BadRequest(Refusal):
    """The request is invalid; the message names the field and the fix."""

    status = 400


class Unauthorized(Refusal):
    """The API key or token is missing or invalid."""

    status = 401


class Forbidden(Refusal):
    """The web origin is not allowed."""

    status = 403


class RequestTimeout(Refusal):
    """The request body arrives too slowly; the text names the setting that limits it."""

    status = 408


class NotFound(Refusal):
    """The path does not exist; the response lists the existing paths.

    Attributes:
        paths: Paths of HTTP endpoints.
        sockets: Paths of WebSockets.
    """

    status = 404

    def __init__(self, text: str = "Not Found", *, paths: Sequence[str] = (), sockets: Sequence[str]) -> None:
        super().__init__(text)
        self.paths = paths
        self.sockets = sockets

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the response."""
        found = {"paths": list(self.paths), "sockets": list(self.sockets)}
        return {**super().body, **{kind: paths for kind, paths in found.items() if paths}}


class UpgradeRequired(Refusal):
    """The path belongs to a WebSocket, but the request is not a WebSocket handshake."""

    status = 426

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response."""
        return {"Upgrade": "websocket", "Connection": "Upgrade"}


class TooLarge(Refusal):
    """The request is too large; the message names the setting."""

    status = 413


class TooManyRequests(Refusal):
    """A limit of the API key is reached."""

    status = 429


class BadGateway(Refusal):
    """A service that this server depends on failed."""

    status = 502


class Unavailable(Refusal):
    """This server cannot answer now; retry later or on another server."""

    status = 503


class StoreError(ServerError):
    """The store of keys or limits cannot be read or written; the message contains the reason."""


class StoreRefused(StoreError):
    """The store answered with an error, which may concern only one entry."""


class SettingsError(ServerError):
    """The server cannot start with these settings; the message names each one and the fix."""


class UpstreamError(ServerError):
    """No connection to the provider is possible.

    Attributes:
        provider: Name of the provider.
        close_code: WebSocket close code that the app receives.
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
        reason: A short description of the problem.
    """

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(provider)
        self.reason = reason

    @classmethod
    def redirected(cls, provider: str, status: int) -> Self:
        """Return the error for a provider that answered with a redirect."""
        return cls(provider, f"it answered with a redirect (HTTP {status}), which is not followed")

    def __str__(self) -> str:
        return f"{self.provider} is unreachable: {self.reason}"
