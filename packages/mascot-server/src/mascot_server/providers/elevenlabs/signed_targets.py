"""Validation of WebSocket URLs from a provider's response: only its own host and port are allowed.

The response determines where a conversation connects to, so it is validated like untrusted input. Only URLs that every
URL parser reads in the same way are accepted.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

__all__ = ["is_own_socket"]

_ELEVENLABS_DOMAIN: Final = ".elevenlabs.io"
"""ElevenLabs has a host for each region below its domain."""

_MAX_LENGTH: Final = 8192

_PLAIN: Final = re.compile(r"[!#-\[\]-~]+")
"""Printable ASCII without blanks, quotation marks and backslashes."""

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
"""A lower-case name or address; a host name that ends with a dot or is not ASCII is none."""

_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443, "http": 80, "https": 443}
_SCHEMES: Final = {"http": "ws", "https": "wss"}


def is_own_socket(url: object, origin: str) -> bool:
    """Return whether a signed URL leads to its provider.

    That is the host and port of the origin that answered with it, with TLS where the origin has TLS; or a host of
    ElevenLabs' domain on the standard port with TLS.

    Args:
        url: The URL of the answer, not checked so far.
        origin: Origin of the provider that answered, starting with `http://` or `https://`.
    """
    if not isinstance(url, str) or len(url) > _MAX_LENGTH or not _PLAIN.fullmatch(url):
        return False
    place, own = _place(url), _place(origin)
    if place is None or own is None:
        return False
    scheme, host, port = place
    if (host, port) == own[1:]:
        return scheme == _SCHEMES[own[0]]
    return scheme == "wss" and f".{host}".endswith(_ELEVENLABS_DOMAIN) and port == _DEFAULT_PORTS["wss"]


def _place(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of a URL; `None` where they are not plain."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    authority = parts.netloc.lower()
    host = authority if parts.port is None else authority.removesuffix(f":{port}")
    # Compared with the authority, so that a user, an empty port or a port in another notation is rejected.
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or parts.fragment:
        return None
    return parts.scheme, host, _DEFAULT_PORTS[parts.scheme] if port is None else port
