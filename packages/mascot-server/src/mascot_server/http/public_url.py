"""The public URL of this server, including the path prefix of a reverse proxy."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mascot_server.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.connection import ASGIConnection

__all__ = ["PublicUrl", "check_host", "origin", "websocket_url", "without_prefix"]

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?")
_LAST_PORT: Final = 65535


class PublicUrl:
    """Determines the public URL of this server.

    Args:
        setting: `MASCOT_PUBLIC_URL`. If it is not set, the URL of the request is used.

    Attributes:
        prefix: Path of the setting, such as `/mascot`; empty if there is none.
    """

    def __init__(self, setting: str | None) -> None:
        self._setting = setting
        self.prefix = urlsplit(setting or "").path

    def of(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        """Return the http(s) URL, without a trailing slash, for URLs in the response to this request.

        Raises:
            BadRequest: `MASCOT_PUBLIC_URL` is not set, and the `Host` header of the request is invalid.
        """
        if self._setting is not None:
            return self._setting
        scope = connection.scope
        host = connection.headers.get("host")
        if host is None:
            name, port = scope.get("server") or ("localhost", None)
            host = f"[{name}]" if ":" in name else name
            host = f"{host}:{port}" if port else host
        check_host(host)
        # A proxy may report ws or wss as the scheme of the original connection.
        scheme = "https" if scope["scheme"] in {"https", "wss"} else "http"
        return f"{scheme}://{host}{scope.get('root_path', '').rstrip('/')}"


def check_host(host: str) -> None:
    """Check a `Host` header, because URLs are built from it.

    Raises:
        BadRequest: The header is not a host with an optional port.
    """
    match = _HOST.fullmatch(host)
    if match is None or int(match["port"] or 0) > _LAST_PORT or not _is_ipv6(match["v6"]):
        raise BadRequest("Host: must be a host name or address, with a port up to 65535 if any")


def _is_ipv6(address: str | None) -> bool:
    try:
        return address is None or bool(IPv6Address(address))
    except ValueError:
        return False


def without_prefix(path: str, prefixes: Iterable[str]) -> str:
    """Remove the first matching prefix from a path: `/mascot/v1` becomes `/v1`."""
    for prefix in prefixes:
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            return path[len(prefix) :] or "/"
    return path


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, as browsers send them in `Origin`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def websocket_url(url: str) -> str:
    """Return an http(s) URL with a WebSocket scheme: http becomes ws, https becomes wss."""
    return f"ws{url.removeprefix('http')}"
