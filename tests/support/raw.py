"""WebSocket peers with behaviour that no library has: they flood, or they stop reading without notice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["Raw", "dial_raw", "frame", "raw_provider"]

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Raw = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def frame(opcode: int, payload: bytes, *, masked: bool, fin: bool = True) -> bytes:
    """Return a frame as bytes; its mask, if any, is zero."""
    head = bytes([(0x80 if fin else 0) | opcode])
    bit, mask = (0x80, bytes(4)) if masked else (0, b"")
    if len(payload) < 126:
        return head + bytes([bit | len(payload)]) + mask + payload
    if len(payload) < 1 << 16:
        return head + bytes([bit | 126]) + len(payload).to_bytes(2) + mask + payload
    return head + bytes([bit | 127]) + len(payload).to_bytes(8) + mask + payload


async def dial_raw(url: str) -> Raw:
    """Connect to a WebSocket URL; return the streams after the handshake."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 16)
    writer.write(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    return reader, writer


@asynccontextmanager
async def raw_provider(handler: Callable[[Raw], Awaitable[None]]) -> AsyncIterator[str]:
    """Run a provider that completes the handshake and then calls the handler; yield its origin."""
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(
            line.split(": ", 1)[1]
            for line in head.split("\r\n")
            if line.lower().startswith("sec-websocket-key")
        )
        accepted = base64.b64encode(
            hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()
        ).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await handler((reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # It is cancelled at the end; a cancelled task of `start_server` would be logged as an error.
            pass
        finally:
            running.discard(task)
            writer.transport.abort()

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1 << 16)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
