"""Faulty answers of a provider's HTTP API."""

from __future__ import annotations

import gzip
import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from support.hostile import memory_mb
from support.processes import serve_process
from support.rest import AUTHORIZED
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile.conftest import Figures

BLOCK = bytes(1 << 20)
MEGABYTES = 120


@contextmanager
def _provider(answer: list[bytes]) -> Iterator[str]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            try:
                for block in answer:
                    self.wfile.write(block)
            except OSError:
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _gzip() -> bytes:
    return gzip.compress(bytes(MEGABYTES << 20), 1)


@pytest.mark.parametrize("kind", ["length", "chunked", "gzip", "deep"])
def test_answer_without_end(tmp_path: Path, figure: Figures, kind: str) -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    if kind == "length":
        answer = [ok + b"Content-Length: %d\r\n\r\n" % (MEGABYTES << 20), *[BLOCK] * MEGABYTES]
    elif kind == "chunked":
        chunk = b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK)
        answer = [ok + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * MEGABYTES, b"0\r\n\r\n"]
    elif kind == "gzip":
        body = _gzip()
        answer = [ok + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body), body]
    else:
        body = b"[" * 100_000
        answer = [ok + b"Content-Length: %d\r\n\r\n" % len(body), body]
    with _provider(answer) as origin, serve_process(tmp_path, origin) as server:
        config = {"provider": "elevenlabs", "provider_config": {"api_key": "k", "agent_id": "a"}}
        url = httpx.post(
            f"{server.origin}/v1/get-signed-url", json={"config": config}, headers=AUTHORIZED, timeout=15
        ).json()["signed_url"]
        memory = memory_mb(server)
        code = 0
        try:
            with connect(url, open_timeout=15) as app:
                app.recv(timeout=15)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        figure("peak of memory", memory_mb(server, "VmHWM") - memory, "MB", at_most=20)
        figure("close code", code, at_least=1011, at_most=1011)
        figure("tracebacks", server.logged().count("Traceback"), at_most=0)
