"""Providers that redirect the server, and the attacker that they redirect to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class HttpProvider:
    """A running HTTP server that answers every request in one way.

    Attributes:
        origin: Origin of the server.
        body: Its answer; may be changed.
        requests: Target and headers of each request so far, as one text.
    """

    origin: str
    body: bytes
    requests: list[str] = field(default_factory=list)


@contextmanager
def http_provider(status: int, headers: dict[str, str], body: bytes = b"") -> Iterator[HttpProvider]:
    """Run an HTTP server with one answer to everything, including WebSocket handshakes."""
    provider = HttpProvider("", body)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # `websockets` reads no other

        def answer(self) -> None:
            provider.requests.append(f"{self.path}\n{self.headers}")
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(provider.body))}.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(provider.body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def redirecting(status: int = 302) -> Iterator[tuple[HttpProvider, HttpProvider]]:
    """Run a provider that redirects every request to an attacker; yield both."""
    with (
        http_provider(404, {}) as thief,
        # Without a scheme, the redirect keeps that of the request, HTTP or WebSocket.
        http_provider(status, {"Location": f"{thief.origin.removeprefix('http:')}/stolen"}) as provider,
    ):
        yield provider, thief


def signed(url: object) -> bytes:
    """Return an answer of get-signed-url with a URL."""
    return json.dumps({"signed_url": url}).encode()
