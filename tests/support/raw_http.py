"""Send HTTP as bytes on a socket, for requests that no client library sends."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.processes import ServerProcess
    from support.servers import RunningServer


@dataclass
class Answer:
    """Answer of the server.

    Attributes:
        status: HTTP status; 0 without a status line.
        head: Status line and headers.
        body: What follows them.
        closed: Whether the server closed the connection.
        seconds: Time until the answer or the close.
    """

    status: int
    head: str
    body: bytes
    closed: bool
    seconds: float


@contextmanager
def connected(server: ServerProcess | RunningServer) -> Iterator[socket.socket]:
    """Yield a connection to a server."""
    host, _, port = server.origin.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        yield connection


def read_answer(connection: socket.socket, seconds: float = 5, *, until: bytes | None = None) -> Answer:
    """Read until the server closes the connection, the bytes `until` have arrived, or the time is over."""
    started, received, closed = time.monotonic(), b"", False
    while (left := started + seconds - time.monotonic()) > 0 and (until is None or until not in received):
        connection.settimeout(left)
        try:
            block = connection.recv(65536)
        except TimeoutError:
            break
        except OSError:
            block = b""
        if not block:
            closed = True
            break
        received += block
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return Answer(status, head.decode("latin-1"), body, closed, time.monotonic() - started)


def ask(
    server: ServerProcess | RunningServer, request: bytes, seconds: float = 5, *, until: bytes | None = None
) -> Answer:
    """Send bytes over a new connection and read the answer."""
    with connected(server) as connection:
        try:
            connection.sendall(request)
        except OSError:
            """It was refused before it was sent."""
        return read_answer(connection, seconds, until=until)


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    """Return a request whose connection closes after the answer."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def handshake(target: str, *headers: str) -> bytes:
    """Return a WebSocket handshake."""
    upgrade = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    return "\r\n".join([f"GET {target} HTTP/1.1", *upgrade, key, *headers, "", ""]).encode("latin-1")


def flood(
    connection: socket.socket,
    pieces: Iterator[bytes],
    seconds: float,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send pieces until the buffer is full, the time is over or `stop` returns true; return the number of bytes."""
    sent, end = 0, time.monotonic() + seconds
    connection.settimeout(1)
    for piece in pieces:
        if time.monotonic() > end or stop():
            break
        try:
            connection.sendall(piece)
        except OSError:
            break
        sent += len(piece)
    return sent
