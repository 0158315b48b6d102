"""Endless request heads, connections without requests: data that anyone can send before a request is complete."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from itertools import chain, repeat
from typing import TYPE_CHECKING

import httpx
import pytest
from support.apps import token_for
from support.hostile import descriptors, memory_mb, wait_until
from support.processes import serve_process
from support.raw_http import ask, connected, flood, get, handshake, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess
    from support.servers import Providers

MB = 2**20
FLOOD = 48 * MB
MOST_GROWTH = 400
"""What a server may take of a head, and grow by in MB, before a case stops: it must not fill the machine's memory."""

UPGRADE = b"Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
SIGNED = "/v1/openai-realtime/ws?token="


def grown(server: ServerProcess) -> Callable[[], bool]:
    """Return a function that returns whether a server's memory has grown too much to continue."""
    before = memory_mb(server)
    return lambda: memory_mb(server) > before + MOST_GROWTH


def slowly(first: bytes, pause: float, seconds: float) -> Iterator[bytes]:
    yield first
    for _ in range(int(seconds / pause)):
        time.sleep(pause)
        yield b"x"


def pieces(piece: bytes) -> Iterator[bytes]:
    return repeat(piece, FLOOD // len(piece))


HEADS = {
    "header lines": (b"GET / HTTP/1.1\r\n", b"x-padding: yes\r\n" * 4096, {431}),
    "header lines of a handshake": (b"GET /v1/conversation HTTP/1.1\r\n" + UPGRADE, b"x-y: z\r\n" * 8192, {431}),
    "one header": (b"GET / HTTP/1.1\r\nCookie: ", b"c" * 65536, {431}),
    "a name of a header": (b"GET / HTTP/1.1\r\n", b"n" * 65536, {431}),
    "a URL": (b"GET /", b"u" * 65536, {414}),
    "a query": (b"GET /v1/conversation?token=", b"q" * 65536, {414}),
    "line breaks": (b"", b"\r\n" * 32768, {400, 431}),
    "trailers": (
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"x-trailer: yes\r\n" * 4096,
        {405, 0},
    ),
    "one trailer": (
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx-trailer: ",
        b"t" * 65536,
        {405, 0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_without_end(kind: str, server: ServerProcess, figure: Figures) -> None:
    start, piece, statuses = HEADS[kind]
    before = memory_mb(server)
    with connected(server) as connection:
        sent = flood(connection, chain([start], pieces(piece)), seconds=10, stop=grown(server))
        figure("memory taken", max(0.0, memory_mb(server, "VmHWM") - before), "MB", at_most=16)
        figure("bytes taken", sent / MB, "MB", at_most=16)
        answer = read_answer(connection, seconds=4)
    figure("answered", answer.status in statuses, at_least=1)
    figure("closed", answer.closed, at_least=1)
    assert "Traceback" not in server.logged()


def test_many_requests_at_once_on_one_connection(server: ServerProcess, figure: Figures) -> None:
    before = memory_mb(server)
    request = b"GET /schema/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(server) as connection:
        flood(connection, repeat(request * 1000, 40), seconds=5, stop=grown(server))
        time.sleep(1)
        figure("memory taken", max(0.0, memory_mb(server, "VmHWM") - before), "MB", at_most=32)
    started = time.monotonic()
    assert httpx.get(f"{server.origin}/healthz", timeout=30).status_code == 200
    figure("health check meanwhile", time.monotonic() - started, "s", at_most=1)


def test_connections_without_a_request_are_closed(
    tmp_path: Path, providers: Providers, figure: Figures
) -> None:
    with serve_process(tmp_path, providers.origin, head_seconds="3") as server, ExitStack() as stack:
        at_rest = descriptors(server)
        for i in range(200):
            connection = stack.enter_context(connected(server))
            connection.sendall((b"", b"G", b"GET / HTTP/1.1\r\n")[i % 3])
        took = wait_until(lambda: descriptors(server) <= at_rest + 2, 10)
        figure("still open after the limit of 3 s", max(0, descriptors(server) - at_rest - 2), at_most=0)
        figure("closed within", took, "s", at_most=8)


def test_a_head_byte_by_byte_is_answered_408(tmp_path: Path, providers: Providers, figure: Figures) -> None:
    with (
        serve_process(tmp_path, providers.origin, head_seconds="2") as server,
        connected(server) as connection,
    ):
        started = time.monotonic()
        flood(connection, slowly(b"GET /", 0.1, 6), seconds=6)
        answer = read_answer(connection, 2)
        figure("cut off after", time.monotonic() - started, "s", at_most=5)
        figure("status", answer.status, at_least=408, at_most=408)


def test_what_follows_an_answer_must_not_take_for_ever(
    tmp_path: Path, providers: Providers, figure: Figures
) -> None:
    """Send a body byte by byte after the 401 that answers the request."""
    head = b"POST /v1/get-signed-url HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with (
        serve_process(tmp_path, providers.origin, head_seconds="2") as server,
        connected(server) as connection,
    ):
        connection.sendall(head)
        assert read_answer(connection, 5, until=b"}").status == 401
        started = time.monotonic()
        flood(connection, slowly(b"x", 0.2, 8), seconds=8)
        figure("cut off after", time.monotonic() - started, "s", at_most=5)


def test_more_connections_than_the_process_takes(
    tmp_path: Path, providers: Providers, figure: Figures
) -> None:
    with (
        serve_process(tmp_path, providers.origin, max_waiting_connections="50") as server,
        ExitStack() as stack,
    ):
        at_rest = descriptors(server)
        for _ in range(300):
            stack.enter_context(connected(server)).sendall(b"GET / HTT")
        started = time.monotonic()
        assert httpx.get(f"{server.origin}/healthz", timeout=10).status_code == 200
        figure("health check meanwhile", time.monotonic() - started, "s", at_most=2)
        wait_until(lambda: descriptors(server) <= at_rest + 55, 5)
        figure("connections held of 300", descriptors(server) - at_rest, at_most=55)


def test_long_cookies_and_many_headers_work(server: ServerProcess, figure: Figures) -> None:
    cookie = "Cookie: session=" + "c" * 60_000
    many = [f"x-header-{i}: {i}" for i in range(300)]
    target = SIGNED + token_for("openai")
    for name, headers in (("60 KB cookie", [cookie]), ("300 headers", many)):
        by_http = ask(server, get("/healthz", *headers)).status
        by_socket = ask(server, handshake(target, *headers), until=b"\r\n\r\n").status
        figure(f"request with {name}", by_http, at_least=200, at_most=200)
        figure(f"handshake with {name}", by_socket, at_least=101, at_most=101)
    too_large = ask(server, handshake(target, "Cookie: " + "c" * 300_000), seconds=3)
    figure("handshake with 300 KB cookie", too_large.status, at_least=431, at_most=431)
    assert too_large.closed


def test_the_server_stops_in_peace_after_bad_handshakes(server: ServerProcess, figure: Figures) -> None:
    target = SIGNED + token_for("openai")
    with ExitStack() as stack:
        for bad in (
            handshake(target, "Cookie: " + "c" * 20_000),
            handshake(target, *(f"x-{i}: {i}" for i in range(300))),
            handshake(target, "Content-Length: 5"),
            handshake(target, "Transfer-Encoding: chunked"),
            handshake(target).replace(b"GET", b"POST"),
            handshake(target).replace(b"HTTP/1.1", b"HTTP/1.0"),
            handshake(target).replace(b"Sec-WebSocket-Key", b"X-Key"),
            handshake(target)[:-2],
        ):
            stack.enter_context(connected(server)).sendall(bad)
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        # Two of them are conversations that the drain waits for.
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(20)
        except TimeoutError:
            """The figures say so."""
        figure("stopped after", time.monotonic() - started, "s", at_most=15)
    figure("tracebacks", server.logged().count("Traceback"), at_most=0)
    figure("lifespan shut down", "Application shutdown complete" in server.logged(), at_least=1)
