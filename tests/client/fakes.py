"""Scripted servers on loopback: real sockets that speak just enough of a provider, visemes injected."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from websockets.http11 import Response
    from websockets.sync.server import ServerConnection

TOKEN = "header.claims-secret-in-url.signature"
ENVIRONMENT_SECRET = "secret-of-the-environment"

AUDIO = [b"\x01\x00" * 480, b"\x02\x00" * 960, b"\x03\x00" * 240]
PAYLOADS = [
    {
        "visemes": [{"visemeId": 4, "offset": 0}, {"visemeId": 18, "offset": 11}],
        "audio_event_id": 1,
        "subchunk_id": 1,
        "total_chunks": 1,
        "audio_duration": 20,
    },
    {"visemes": [], "audio_event_id": 2, "subchunk_id": 1, "total_chunks": 1, "audio_duration": 40},
    {
        "visemes": [{"visemeId": 0, "offset": 3}],
        "audio_event_id": 3,
        "subchunk_id": 1,
        "total_chunks": 1,
        "audio_duration": 10.5,
    },
]
BAD_PAYLOADS: list[Any] = [
    None,
    [],
    {},
    {"visemes": [{"visemeId": 22, "offset": 0}], "audio_duration": 20, "audio_event_id": 1},
]


def b64(pcm: bytes) -> str:
    return base64.b64encode(pcm).decode()


@dataclass
class Seen:
    """What a scripted server saw of one connection."""

    path: str
    headers: dict[str, str]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def everything(self) -> str:
        return f"{self.path} {self.headers} {self.messages}"


@dataclass
class Socket:
    """One connection, from the script's side."""

    connection: ServerConnection
    seen: Seen

    def receive(self) -> dict[str, Any]:
        message = json.loads(self.connection.recv(timeout=5))
        assert isinstance(message, dict)
        self.seen.messages.append(message)
        return message

    def send(self, message: object, *, binary: bool = False) -> None:
        text = json.dumps(message)
        self.connection.send(text.encode() if binary else text)


@dataclass
class SocketServer:
    """A scripted WebSocket server; ``said`` is set once a script has run to its end."""

    origin: str
    connections: list[Seen]
    said: threading.Event = field(default_factory=threading.Event)


@contextmanager
def socket_server(
    script: Callable[[Socket], None], *, tls: ssl.SSLContext | None = None, refuse: bool = False
) -> Iterator[SocketServer]:
    """Serve ``script`` on a free port; each connection closes with 1000 when the script returns.

    With ``refuse`` every handshake is answered with HTTP 401, as for a token that has expired.
    """
    # Comes with the SDKs; the tests that need none of them run without it.
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415
    from websockets.sync.server import serve  # noqa: PLC0415

    shown = SocketServer("", [])

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
        seen = Seen(connection.request.path, headers)
        shown.connections.append(seen)
        try:
            script(Socket(connection, seen))
            shown.said.set()
        except ConnectionClosed:
            return

    def respond(connection: ServerConnection, _request: object) -> Response | None:
        return connection.respond(401, '{"error": "token has expired"}') if refuse else None

    with serve(handler, "127.0.0.1", 0, ssl=tls, process_request=respond) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        host, port = server.socket.getsockname()[:2]
        try:
            shown.origin = f"{'wss' if tls else 'ws'}://{host}:{port}"
            yield shown
        finally:
            server.shutdown()
            thread.join()


@dataclass
class HttpServer:
    """A server that gives one answer to every POST and keeps what it was asked."""

    url: str
    requests: list[dict[str, Any]]
    status: int = 200
    body: bytes = b""


@contextmanager
def http_server() -> Iterator[HttpServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            shown.requests.append({"path": self.path, "headers": headers, "body": json.loads(body)})
            self.send_response(shown.status)
            self.send_header("Content-Length", str(len(shown.body)))
            self.end_headers()
            self.wfile.write(shown.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shown = HttpServer(f"http://127.0.0.1:{server.server_port}", [])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield shown
        finally:
            server.shutdown()
            thread.join()
