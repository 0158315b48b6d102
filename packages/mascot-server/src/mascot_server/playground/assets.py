"""The files of the page, as the package has them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from litestar import Response
from litestar.exceptions import NotFoundException

if TYPE_CHECKING:
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
"""Written out: a browser runs no module of another type, and what the system knows of types differs."""

_STEP: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
"""What files and folders of the page are called, and nothing that leads elsewhere."""


def page_file(path: str, *, origin: str) -> Response[bytes]:
    """Answers with a file.

    Args:
        path: Where it is among the page's files, with `/` between steps; empty for the page itself.
        origin: Where the page's sockets go, as http(s) origin.

    Raises:
        NotFoundException: There is no such file.
    """
    steps = (path or "index.html").split("/")
    media_type = _TYPES.get(steps[-1].rpartition(".")[2])
    file: Traversable = files(__package__) / "static"
    for step in steps:
        if not _STEP.fullmatch(step):
            raise NotFoundException
        file /= step
    if media_type is None or not file.is_file():
        raise NotFoundException
    return Response(file.read_bytes(), media_type=media_type, headers=_headers(origin))


def _headers(origin: str) -> dict[str, str]:
    sockets = f"ws{origin.removeprefix('http')}"
    policy = {
        "default-src": "'self'",
        # Not every browser counts a socket to where the page came from as 'self'.
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
