"""The static files of the playground page."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from litestar import Response
from litestar.exceptions import NotFoundException

from mascot_server import providers
from mascot_server.http.public_url import origin, websocket_url
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

__all__ = ["page_file"]

_TYPES: Final = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
}
"""Fixed media types: browsers reject modules of another type, and the MIME database differs between systems."""


def _pages(folder: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        if file.is_dir():
            yield from _pages(file, f"{path}{file.name}/")
        elif file.name.rpartition(".")[2] in _TYPES:
            yield path + file.name, file


# Files are looked up by their whole path in this table, so that no path of a request reaches the file system.
_FILES: Final = dict(_pages(files(__package__) / "static")) | {
    # The parts of the page in the folders of the providers.
    f"providers/{name}.js": files(f"{providers.__name__}.{name}") / "playground.js"
    for name in PROVIDERS
}


def page_file(path: str, *, base_url: str) -> Response[bytes]:
    """Return the response with a file.

    Args:
        path: Path of the file, with `/` as separator; empty for the page itself.
        base_url: URL of this server, to which the page opens WebSockets.

    Raises:
        NotFoundException: There is no such file.
    """
    name = path or "index.html"
    file = _FILES.get(name)
    if file is None:
        raise NotFoundException
    media_type = _TYPES[name.rpartition(".")[2]]
    return Response(file.read_bytes(), media_type=media_type, headers=_headers(base_url))


def _headers(base_url: str) -> dict[str, str]:
    # The source has no path prefix: to a browser, a path without a trailing slash matches that path only.
    sockets = websocket_url(origin(base_url))
    policy = {
        "default-src": "'self'",
        # Not every browser includes WebSockets to the page's origin in 'self'.
        "connect-src": f"'self' {sockets}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
