"""Types for settings: lists, URLs, origins, addresses."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from mascot_server.auth.origins import web_origin
from mascot_server.providers.base_url import base_url

__all__ = ["AnyOrWebOrigins", "BaseUrl", "CommaSeparated", "MetricsPlace", "WebOrigins"]

_ADDRESS: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


def _split(value: object) -> object:
    if isinstance(value, str) and not value.isascii() and not _is_utf8(value):
        raise ValueError("is not UTF-8 text")
    return [piece.strip() for piece in value.split(",") if piece.strip()] if isinstance(value, str) else value


def _is_utf8(value: str) -> bool:
    """Return whether the bytes in the environment were UTF-8; Python keeps others as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


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
BaseUrl = Annotated[str, BeforeValidator(base_url)]
MetricsPlace = Annotated[str, BeforeValidator(_metrics)]
