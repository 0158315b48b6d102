"""The registry of providers: each folder of this package, discovered at import."""

from __future__ import annotations

import importlib
import pkgutil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mascot_server import providers
from mascot_server.providers.base import Handshake, Provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["PROVIDERS", "is_socket", "read_handshake"]


def _found() -> Iterator[Provider[Any]]:
    for module in pkgutil.iter_modules(providers.__path__, f"{providers.__name__}."):
        if module.ispkg:
            yield importlib.import_module(module.name).PROVIDER


PROVIDERS: Final[Mapping[str, Provider[Any]]] = MappingProxyType(
    {provider.name: provider for provider in sorted(_found(), key=lambda provider: provider.name)}
)
"""Providers by name, in alphabetical order."""


def read_handshake(path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Handshake | None:
    """Parse a WebSocket handshake.

    Args:
        path: Path of the request, decoded.
        query: Query string as sent.
        headers: Headers with names in lower case.

    Returns:
        The handshake, or ``None`` if no provider has a socket at this path.
    """
    provider = _provider_at(path)
    return None if provider is None else Handshake.of(provider, path, query, headers)


def is_socket(path: str) -> bool:
    """Return whether a decoded path is that of a WebSocket endpoint."""
    return _provider_at(path) is not None


def _provider_at(path: str) -> Provider[Any] | None:
    return next((provider for provider in PROVIDERS.values() if provider.serves(path)), None)
