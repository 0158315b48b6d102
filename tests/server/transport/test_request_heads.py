"""Limits on request heads and connections, at the edges of each; tests/hostile attacks them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import token_for
from support.raw_http import ask, connected, get, handshake, read_answer
from support.servers import run_server

from mascot_server.transport.request_heads import HeadError, HeadGuard, HeadLimits, Waiting, split_target

if TYPE_CHECKING:
    from support.servers import Providers, RunningServer

LIMITS = HeadLimits(max_bytes=8192, max_headers=32, seconds=15, keep_alive_seconds=65, max_waiting=3)
SOCKET = "/v1/openai-realtime/ws?token="


def rejection(server: RunningServer, request: bytes) -> tuple[int, str, bool]:
    answer = ask(server, request)
    assert "content-type: application/json" in answer.head.lower()
    return answer.status, answer.body.decode(), answer.closed


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/v1/x?a=b&c", (b"/v1/x", b"a=b&c")),
        (b"/", (b"/", b"")),
        (b"//x", (b"//x", b"")),
        (b"/x#y?z", (b"/x", b"")),
        (b"http://host:99999/x?y", (b"/x", b"y")),
        (b"HTTP://host", (b"/", b"")),
        (b"http://host?y", (b"/", b"y")),
    ],
)
def test_targets(target: bytes, parts: tuple[bytes, bytes]) -> None:
    assert split_target(target) == parts


@pytest.mark.parametrize("target", [b"*", b"", b"x", b"host:443", b"ftp://host/", b"/\xe9", b"/ ", b"/\x00"])
def test_what_is_no_target(target: bytes) -> None:
    with pytest.raises(HeadError) as caught:
        split_target(target)
    assert caught.value.rejection.status == 400


def test_a_guard_counts_what_its_parser_does_not_report() -> None:
    guard = HeadGuard(LIMITS)
    guard.begin()
    guard.fed(8000)
    guard.fed(8192)
    with pytest.raises(HeadError) as caught:
        guard.fed(1)
    assert caught.value.rejection.status == 431
    # Bodies are none of its business.
    guard = HeadGuard(LIMITS)
    for _ in range(10):
        guard.progress()
        guard.fed(8192)


def test_who_waits_longest_makes_room() -> None:
    waiting: Waiting[str] = Waiting(3)
    assert [waiting.enter(name) for name in "abc"] == [None] * 3
    assert waiting.enter("a") is None  # answered a request, and waits again
    assert waiting.enter("d") == "b"
    waiting.leave("c")
    assert waiting.enter("e") is None
    assert len(waiting) == 3


def test_heads_at_and_beyond_the_limits(providers: Providers) -> None:
    with run_server(providers.origin, max_head_bytes=16384, max_headers=100) as server:
        fits = [f"x-{i}: y" for i in range(98)]
        assert ask(server, get("/healthz", *fits)).status == 200
        status, body, closed = rejection(server, get("/healthz", *fits, "x: y"))
        assert (status, closed) == (431, True)
        assert "more than 100 headers (MASCOT_MAX_HEADERS)" in body
        assert ask(server, get("/healthz", "x: " + "y" * 16000)).status == 200
        status, body, closed = rejection(server, get("/healthz", "x: " + "y" * 16384))
        assert (status, closed) == (431, True)
        assert "larger than 16384 bytes (MASCOT_MAX_HEAD_BYTES)" in body
        assert rejection(server, get("/" + "y" * 16384))[0] == 414
        assert rejection(server, b"nonsense\r\n\r\n")[0] == 400
        counted = server.metrics.heads_rejected
        assert [
            counted[reason,] for reason in ("too_many_headers", "too_large", "target_too_long", "malformed")
        ] == [1] * 4


@pytest.mark.parametrize("headers", [["Cookie: " + "c" * 60_000], [f"x-{i}: {i}" for i in range(400)]])
def test_sockets_take_what_requests_take(server: RunningServer, headers: list[str]) -> None:
    request = handshake(SOCKET + token_for("openai"), *headers)
    assert ask(server, request, until=b"\r\n\r\n").status == 101


@pytest.mark.parametrize(
    "broken",
    [
        lambda request: request.replace(b"GET", b"POST"),
        lambda request: request.replace(b"HTTP/1.1", b"HTTP/1.0"),
        lambda request: request.replace(b"Host", b"Content-Length: 1\r\nHost"),
        lambda request: request.replace(b"Host", b"Transfer-Encoding: chunked\r\nHost"),
        lambda request: request.replace(b"13", b"12"),
    ],
)
def test_handshakes_that_are_none(server: RunningServer, broken: Any) -> None:
    answer = ask(server, broken(handshake(SOCKET + token_for("openai"))))
    assert (answer.status, answer.closed) == (400, True)


def test_headers_reach_the_application_as_they_came(server: RunningServer) -> None:
    """A provider's SDK may send bytes beyond ASCII, which the handshake has no use for."""
    request = handshake(SOCKET + token_for("openai"), "X-Name: J\xfcrgen", "User-Agent: \xff\xfe")
    assert ask(server, request, until=b"\r\n\r\n").status == 101


def test_time_runs_from_the_connection_and_from_the_first_byte(providers: Providers) -> None:
    with run_server(providers.origin, head_seconds=0.5, keep_alive_seconds=1.5) as server:
        with connected(server) as silent:
            late = read_answer(silent, 5)
        assert (late.status, late.closed) == (408, True)
        with connected(server) as idle:
            for _ in range(2):
                time.sleep(0.2)
                idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert read_answer(idle, 5, until=b"}").status == 200
            ended = read_answer(idle, 5)
            assert (ended.status, ended.closed) == (0, True)
            assert ended.seconds > 1
        with connected(server) as half:
            half.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_answer(half, 5, until=b"}").status == 200
            half.sendall(b"GET /heal")
            assert read_answer(half, 5).status == 408
        assert server.metrics.heads_rejected["timeout",] == 2


def test_a_connection_that_waits_makes_room_for_a_new_one(providers: Providers) -> None:
    with run_server(providers.origin, max_waiting_connections=2) as server, ExitStack() as stack:
        first, second, third = (stack.enter_context(connected(server)) for _ in range(3))
        evicted = read_answer(first, 5)
        assert (evicted.status, evicted.closed) == (503, True)
        assert "Retry-After: 1" in evicted.head
        for connection in (second, third):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_answer(connection, 5, until=b"}").status == 200
        assert server.metrics.heads_rejected["too_many_connections",] == 1


def test_conversations_do_not_count_as_waiting(providers: Providers) -> None:
    with run_server(providers.origin, max_waiting_connections=1) as server, connected(server) as talking:
        talking.sendall(handshake(SOCKET + token_for("openai")))
        assert read_answer(talking, 5, until=b"\r\n\r\n").status == 101
        for _ in range(3):
            assert ask(server, get("/healthz")).status == 200
        assert not read_answer(talking, 0.5).closed


def test_frames_that_come_with_the_handshake_are_answered_after_it(server: RunningServer) -> None:
    ping, close = b"\x89\x81\0\0\0\0p", b"\x88\x82\0\0\0\0\x03\xe8"
    with connected(server) as connection:
        connection.sendall(handshake(SOCKET + token_for("openai")) + ping + close)
        answer = read_answer(connection, 5)
    assert (answer.status, answer.closed) == (101, True)
    assert b"\x8a\x01p" in answer.body
    assert answer.body.endswith(b"\x88\x02\x03\xe8")
