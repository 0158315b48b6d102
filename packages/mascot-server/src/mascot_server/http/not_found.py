"""Errors for requests to unknown paths, with a hint to the right path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Request, get
from litestar.routes import HTTPRoute

from mascot_server.errors import NotFound, UpgradeRequired
from mascot_server.providers.registry import PROVIDERS, is_socket

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

__all__ = ["no_such_path", "no_such_socket", "sockets_by_http"]

_SOCKETS: Final = [
    socket.address for provider in PROVIDERS.values() for socket in provider.socket_documents.values()
]


def no_such_socket(prefix: str) -> NotFound:
    """Return the rejection of a WebSocket handshake for an unknown path.

    Args:
        prefix: Path prefix of this server, such as `/mascot`.
    """
    return NotFound("There is no socket at this path", sockets=_under(prefix))


def no_such_path(request: Request[Any, Any, Any]) -> NotFound:
    """Return the rejection of an HTTP request for an unknown path."""
    paths = {route.path for route in request.app.routes if isinstance(route, HTTPRoute)}
    listed = [path for path in sorted(paths) if "{" not in path and not is_socket(path)]
    prefix = request.scope.get("root_path", "").rstrip("/")
    return NotFound(paths=[prefix + path for path in listed], sockets=_under(prefix))


def _under(prefix: str) -> list[str]:
    return [prefix + path for path in _SOCKETS]


def sockets_by_http() -> HTTPRouteHandler:
    """Create the handler of plain HTTP requests to the paths of WebSocket endpoints."""

    @get(
        [path for provider in PROVIDERS.values() for path in provider.socket_paths],
        include_in_schema=False,
        sync_to_thread=False,
    )
    def socket_by_http(request: Request[Any, Any, Any]) -> None:
        if not is_socket(request.scope["path"]):
            raise no_such_path(request)
        raise UpgradeRequired(
            "This is the path of a WebSocket: connect with the provider's SDK to the URL from /v1/get-signed-url"
        )

    return socket_by_http
