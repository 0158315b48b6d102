"""POST requests on the port of the WebSockets, because the WebSocket library only supports GET."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, ClassVar, cast

from websockets.asyncio.server import ServerConnection

from mascot_server.simulators.core.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mascot_server.simulators.core.synthesis import Spoken

_LARGEST_HEAD = 1 << 16
_LARGEST_BODY = 1 << 20


class Posts:
    """Answers POST requests, one per connection.

    Args:
        respond: returns the response for a target, headers by lower-case name, and a body.
        burst: how many times faster than real time audio is sent.
    """

    def __init__(
        self, respond: Callable[[str, Mapping[str, str], bytes], Answer | Spoken], burst: float
    ) -> None:
        self._respond = respond
        self._burst = burst
        self._answering: set[asyncio.Task[None]] = set()
        self.open: set[asyncio.BaseTransport] = set()

    def take(self, transport: asyncio.Transport, data: bytes) -> None:
        """Take over a connection whose first bytes are ``data``."""
        reader = asyncio.StreamReader(limit=_LARGEST_HEAD)
        protocol = asyncio.StreamReaderProtocol(reader, self._start)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)

    def close(self) -> None:
        """Close all connections."""
        for task in self._answering:
            task.cancel()
        for transport in list(self.open):
            transport.close()

    def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request_line, *lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
            size = int(headers.get("content-length") or 0)
            if size <= _LARGEST_BODY:
                body = await reader.readexactly(size)
                await self._answer(self._respond(request_line.split(" ")[1], headers, body), writer)
        except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError):
            pass  # the request is not HTTP, or the client has disconnected
        finally:
            self.open.discard(writer.transport)
            writer.close()

    async def _answer(self, answer: Answer | Spoken, writer: asyncio.StreamWriter) -> None:
        if isinstance(answer, Answer):
            body = json.dumps(answer.body).encode()
            writer.write(
                f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            return
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {answer.media_type}\r\ntransfer-encoding: chunked\r\n"
            "connection: close\r\n\r\n".encode()
        )
        if answer.header:
            writer.write(_chunk(answer.header))
        for chunk in answer.chunks:
            writer.write(_chunk(chunk.data))
            await writer.drain()
            if not math.isinf(self._burst):
                await asyncio.sleep(chunk.duration_ms / 1000 / self._burst)
        writer.write(_chunk(b""))
        await writer.drain()


class EitherConnection(ServerConnection):
    """A connection that is handled as a WebSocket or as a POST request. Subclass it and set `posts`."""

    posts: ClassVar[Posts]
    _undecided: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first data of the client."""
        # It is a stream transport, although not all event loops derive theirs from `asyncio.Transport`.
        self._undecided = cast("asyncio.Transport", transport)
        self.posts.open.add(transport)

    def data_received(self, data: bytes) -> None:
        """Select the protocol by the first letter of the method: a WebSocket handshake never begins with P."""
        if self._undecided is None:
            super().data_received(data)
            return
        transport, self._undecided = self._undecided, None
        if data.startswith(b"P"):
            self.posts.take(transport, data)
            return
        self.posts.open.discard(transport)
        super().connection_made(transport)
        super().data_received(data)

    def eof_received(self) -> None:
        """Drop a client that has sent nothing."""
        if self._undecided is None:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop a client that has sent nothing."""
        if self._undecided is None:
            super().connection_lost(exc)
        else:
            self.posts.open.discard(self._undecided)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
