"""Bodies that arrive slowly and answers that the client does not read."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from support.hostile import descriptors, wait_until
from support.processes import serve_process
from support.rest import AUTHORIZED, wav
from support.servers import API_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess
    from support.servers import Providers

OTHER_KEY = "another-key-of-the-tests"
SLOW = 16


@pytest.fixture
def server(tmp_path: Path, providers: Providers) -> Iterator[ServerProcess]:
    """Yield a server with two keys and timeouts of two seconds."""
    limits = {"upload_seconds": "2", "answer_stall_seconds": "2"}
    with serve_process(tmp_path, providers.origin, api_keys=f"{API_KEY},{OTHER_KEY}", **limits) as server:
        yield server


def _connected(server: ServerProcess) -> socket.socket:
    url = urlsplit(server.origin)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((url.hostname, url.port))
    return connection


def _begin(connection: socket.socket, path: str, length: str, body: bytes) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"
        f"Content-Type: application/json\r\n{length}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)


@pytest.mark.parametrize(
    ("length", "body"),
    [
        ("Content-Length: 1000000", b'{"audio":"'),
        ("Transfer-Encoding: chunked", b'a\r\n{"audio":"\r\n'),
        ("Content-Length: 1000000\r\nExpect: 100-continue", b""),
    ],
    ids=["length", "chunked", "expect"],
)
def test_slow_bodies_of_one_key(server: ServerProcess, figure: Figures, length: str, body: bytes) -> None:
    before = descriptors(server)
    slow = [_connected(server) for _ in range(SLOW)]
    try:
        for connection in slow:
            _begin(connection, "/v1/visemes", length, body)
        time.sleep(0.3)
        file = wav(np.random.default_rng(1).integers(-9000, 9000, 16000).astype(np.int16))
        headers = {"Authorization": f"Bearer {OTHER_KEY}", "Content-Type": "audio/wav"}

        def answered() -> bool:
            return httpx.post(
                f"{server.origin}/v1/visemes", content=file, headers=headers, timeout=15
            ).is_success

        started = time.monotonic()
        wait_until(answered, 8)
        figure("until another key is served", time.monotonic() - started, "s", at_most=2)
        wait_until(lambda: descriptors(server) <= before + 2, 8)
        figure("descriptors kept", max(0, descriptors(server) - before - 2), at_most=0)
    finally:
        for connection in slow:
            connection.close()


def test_body_after_the_answer(server: ServerProcess, figure: Figures) -> None:
    before = descriptors(server)
    slow = [_connected(server) for _ in range(SLOW)]
    try:
        for number, connection in enumerate(slow):
            path = ("/v1/visemes", "/no-such-path", "/healthz", "/v1/get-signed-url")[number % 4]
            _begin(connection, path, "Transfer-Encoding: chunked", b"1\r\n]\r\n")

        def drip() -> bool:
            for connection in slow:
                try:
                    connection.send(b"1\r\n \r\n")
                except OSError:
                    continue
            return descriptors(server) <= before + 2

        wait_until(drip, 10)
        figure("descriptors kept", max(0, descriptors(server) - before - 2), at_most=0)
    finally:
        for connection in slow:
            connection.close()


def test_answers_that_nobody_reads(server: ServerProcess, figure: Figures) -> None:
    pytest.importorskip("espeakng_loader")
    httpx.get(f"{server.origin}/v1/voices", headers=AUTHORIZED, timeout=15)
    before = descriptors(server)
    text = "The quick brown fox jumps over the lazy dog. " * 100
    body = f'{{"text":"{text}","voice":"en-us"}}'.encode()
    silent = [_connected(server) for _ in range(8)]
    try:
        for connection in silent:
            _begin(connection, "/v1/visemes-audio", f"Content-Length: {len(body)}", body)
        time.sleep(2)
        figure("descriptors meanwhile", descriptors(server) - before, at_least=8)
        wait_until(lambda: descriptors(server) <= before + 2, 12)
        figure("descriptors kept", max(0, descriptors(server) - before - 2), at_most=0)
        figure("tracebacks", server.logged().count("Traceback"), at_most=0)
    finally:
        for connection in silent:
            connection.close()
