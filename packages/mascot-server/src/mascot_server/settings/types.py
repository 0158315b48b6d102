"""The types of settings that are more than a number or a text: lists, URLs, origins, addresses."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from mascot_server.auth.origins import web_origin

__all__ = ["AnyOrWebOrigins", "BaseUrl", "CommaSeparated", "MetricsPlace", "WebOrigins"]

_ADDRESS: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")
_ORIGIN_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _split(value: object) -> object:
    return [piece.strip() for piece in value.split(",") if piece.strip()] if isinstance(value, str) else value


def _base_url(value: object) -> object:
    """Normalise an origin that a path may follow to its http(s) form, without a slash at the end."""
    if not isinstance(value, str):
        return value
    url = urlsplit(value.strip())
    # Reading the port checks it.
    if url.scheme not in _ORIGIN_SCHEMES or not url.hostname or url.port == 0:
        raise ValueError("must be a URL such as https://api.example.com or https://example.com/prefix")
    path = url.path.rstrip("/")
    if url.query or url.fragment or url.username is not None or not _PREFIX.fullmatch(path):
        raise ValueError(
            "must be a URL without query, fragment or user, such as https://example.com/prefix; a path has letters, "
            "digits and -._~"
        )
    return f"{_ORIGIN_SCHEMES[url.scheme]}://{url.netloc}{path}"


def _web_origins(value: object) -> object:
    return [web_origin(piece) for piece in pieces] if isinstance(pieces := _split(value), list) else pieces


def _any_or_web_origins(value: object) -> object:
    return ["*"] if _split(value) == ["*"] else _web_origins(value)


def _metrics(value: object) -> object:
    if isinstance(value, str) and value not in {"on", "off"} and not _ADDRESS.fullmatch(value):
        raise ValueError("must be on, off or an address such as 127.0.0.1:9464")
    return value


CommaSeparated = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
WebOrigins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_web_origins)]
AnyOrWebOrigins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_any_or_web_origins)]
BaseUrl = Annotated[str, BeforeValidator(_base_url)]
MetricsPlace = Annotated[str, BeforeValidator(_metrics)]
