"""Closing of connections whose peer may not read any more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["close_and_abort", "shut_down"]

logger = logging.getLogger(__name__)

_STUCK_SECONDS: Final = 10.0
"""Time after which the connection of a peer that reads nothing is aborted."""


def close_and_abort(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """Close a connection when all data is sent, and abort it if the peer stops reading.

    `transport.close()` alone would wait for such a peer forever.
    """
    transport.close()
    _watch(transport, loop, transport.get_write_buffer_size())


def _watch(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, size: int) -> None:
    def look() -> None:
        left = transport.get_write_buffer_size()
        if left < size:
            _watch(transport, loop, left)
        else:
            transport.abort()

    if size:
        loop.call_later(_STUCK_SECONDS, look)


def shut_down(close: Callable[[], None], transport: asyncio.Transport) -> None:
    """Close a connection on shutdown. Abort it if that fails, so that the other connections are closed as well."""
    try:
        close()
    except Exception as error:  # noqa: BLE001 - whatever it is, the shutdown goes on
        logger.warning("a connection was aborted: closing it failed with %s", type(error).__name__)
        transport.abort()
