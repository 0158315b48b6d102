"""Clients that do not read their answers."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from support.rest import AUTHORIZED
from support.servers import API_KEY, run_server

if TYPE_CHECKING:
    from support.servers import Providers

ASKED = {"text": "The quick brown fox jumps over the lazy dog. " * 110, "voice": "en-us"}
END = b"0\r\n\r\n"


@pytest.mark.parametrize("reads", [False, True])
def test_who_reads_gets_all_and_who_does_not_is_cut_off(providers: Providers, *, reads: bool) -> None:
    with run_server(providers.origin, rest_concurrency=1, answer_stall_seconds=0.5) as server:
        url, body = httpx.URL(server.origin), json.dumps(ASKED).encode()
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(30)
            connection.connect((url.host, url.port))
            head = (
                f"POST /v1/visemes-audio HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n"
                f"content-length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            if not reads:
                wait_for_place(server.origin)
                # What frees the place is given up at the latest when the connection is cut.
                time.sleep(1)
            last = b""
            while not last.endswith(END) and (data := connection.recv(1 << 16)):
                last = (last + data)[-100:]
    assert last.endswith(END) == reads


def wait_for_place(origin: str) -> None:
    deadline = time.monotonic() + 30
    asked = {"text": "Hello.", "voice": "en-us"}
    while not httpx.post(f"{origin}/v1/visemes-audio", json=asked, headers=AUTHORIZED, timeout=20).is_success:
        assert time.monotonic() < deadline, "the place is kept"
        time.sleep(0.05)
