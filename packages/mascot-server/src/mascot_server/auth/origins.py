"""Origins of web pages, as browsers send them with every WebSocket handshake and cross-site request."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["web_origin"]

_WEB_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@*,\s]+")


def web_origin(value: str) -> str:
    """Normalise an origin to the form that browsers send: lower case, no trailing slash.

    Raises:
        ValueError: The value is not an origin.
    """
    origin = value.strip().lower().removesuffix("/")
    if not _WEB_ORIGIN.fullmatch(origin):
        raise ValueError("must be an origin of web pages such as https://app.example.com")
    return origin
