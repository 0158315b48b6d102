"""A reverse proxy on loopback that serves a server under a path prefix, which it may remove."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "/mascot"


@dataclass
class PrefixProxy:
    """A running proxy.

    Attributes:
        origin: Origin of the proxy, without the prefix.
        upstream: Target of requests, `http://host:port`; set it before the first request.
        strip: Whether it removes the prefix.
        paths: Received request targets.
    """

    origin: str
    upstream: str = ""
    strip: bool = True
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """URL of the server behind it."""
        return self.origin + PREFIX

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one request, and all data after it if it becomes a WebSocket."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, rest = head.split(b" ", 2)
            self.paths.append(target.decode())
            if not target.startswith(PREFIX.encode()):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                if self.strip:
                    target = target.removeprefix(PREFIX.encode()) or b"/"
                host, _, port = self.upstream.removeprefix("http://").partition(":")
                there, back = await asyncio.open_connection(host, int(port))
                if b"upgrade: websocket" not in head.lower():
                    # One request for each connection.
                    lines = [
                        line for line in rest.split(b"\r\n") if not line.lower().startswith(b"connection:")
                    ]
                    rest = b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])
                back.write(b" ".join((method, target, rest)))
                await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
    writer.close()


@contextmanager
def run_prefix_proxy(*, strip: bool = True) -> Iterator[PrefixProxy]:
    """Run a proxy in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    proxy = PrefixProxy("", strip=strip)
    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(proxy.serve, "127.0.0.1", 0), loop
    ).result()
    proxy.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    running = asyncio.all_tasks() - {asyncio.current_task()}
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
