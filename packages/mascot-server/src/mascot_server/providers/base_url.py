"""Base URLs in settings: an origin with an optional path."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

__all__ = ["base_url"]

_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")
_ORIGIN_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def base_url(value: object) -> object:
    """Normalise a base URL to its http(s) form, without a trailing slash.

    Raises:
        ValueError: The value is not a base URL.
    """
    if not isinstance(value, str):
        return value
    url = urlsplit(value.strip())
    # Accessing the port validates it.
    if url.scheme not in _ORIGIN_SCHEMES or not url.hostname or url.port == 0:
        raise ValueError("must be a URL such as https://api.example.com or https://example.com/prefix")
    path = url.path.rstrip("/")
    if url.query or url.fragment or url.username is not None or not _PREFIX.fullmatch(path):
        raise ValueError(
            "must be a URL without query, fragment or user, such as https://example.com/prefix; a path has letters, "
            "digits and -._~"
        )
    return f"{_ORIGIN_SCHEMES[url.scheme]}://{url.netloc}{path}"
