"""What can go wrong, and what the caller is told.

    ServerError
    ├── Refusal                    a request or a handshake is answered with an HTTP status and {"error": text}
    │   ├── BadRequest             it is wrong: 400
    │   ├── Unauthorized           no valid key or token: 401
    │   ├── Forbidden              not from this origin: 403
    │   ├── NotFound               there is no such path: 404
    │   ├── RequestTimeout         its body comes too slowly: 408
    │   ├── TooLarge               it carries more than is taken: 413
    │   ├── UpgradeRequired        it is the path of a WebSocket: 426
    │   ├── TooManyRequests        a limit of the key is reached: 429
    │   ├── BadGateway             the service that was to answer for us did not: 502
    │   └── Unavailable            this server cannot answer now: 503
    ├── StoreError                 keys or limits cannot be read or written
    │   └── StoreRefused           the store is there and answered with an error
    ├── UpstreamError              the provider cannot be talked to: WebSocket close
    │   ├── UpstreamRefused        it answered, and said no: 1008
    │   └── UpstreamUnreachable    it did not answer, or not in a way that makes sense: 1011
    └── SettingsError              the server cannot start with these settings

Each message is meant for the person at the other end and never holds a key, a token or a provider's own error
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
    """A request or a handshake is answered with an HTTP status and `{"error": text}`.

    Attributes:
        status: HTTP status.
        retry_after: Seconds after which it is worth asking again, if that helps at all.
    """

    status: ClassVar[int]

    def __init__(self, text: str, *, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its body: `Retry-After`, where it is known."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"error": str(self)}


class BadRequest(Refusal):
    """The request is wrong; the text names the field and the fix."""

    status = 400


class Unauthorized(Refusal):
    """There is no valid API key or token."""

    status = 401


class Forbidden(Refusal):
    """The web page that asks is not one of those that may."""

    status = 403


class RequestTimeout(Refusal):
    """The request body arrives too slowly; the text names the setting that limits it."""

    status = 408


class NotFound(Refusal):
    """There is nothing at this path; the answer lists what there is.

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
        """The JSON body of the answer."""
        found = {"paths": list(self.paths), "sockets": list(self.sockets)}
        return {**super().body, **{kind: paths for kind, paths in found.items() if paths}}


class UpgradeRequired(Refusal):
    """The path is that of a WebSocket, and the request is no WebSocket handshake."""

    status = 426

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its body."""
        return {"Upgrade": "websocket", "Connection": "Upgrade"}


class TooLarge(Refusal):
    """The request carries more than this server takes; the text names the setting that limits it."""

    status = 413


class TooManyRequests(Refusal):
    """A limit of the API key is reached."""

    status = 429


class BadGateway(Refusal):
    """The service that this server asked to do a part of the work did not."""

    status = 502


class Unavailable(Refusal):
    """This server cannot answer now; another one, or this one later, can."""

    status = 503


class StoreError(ServerError):
    """What keys or limits are kept in cannot be read or written; the text names it and says why."""


class StoreRefused(StoreError):
    """The store is there and answered with an error, which may be about one entry and says nothing about others."""


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

    @classmethod
    def redirected(cls, provider: str, status: int) -> Self:
        """Return the error for a provider that answered with a redirect."""
        return cls(provider, f"it answered with a redirect (HTTP {status}), which is not followed")

    def __str__(self) -> str:
        return f"{self.provider} is unreachable: {self.reason}"
