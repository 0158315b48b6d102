"""The pace of bodies, and connections whose body was not read."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from support.servers import run_server

from mascot_server.errors import RequestTimeout
from mascot_server.http.body_limits import LimitBodies, Pace

if TYPE_CHECKING:
    from support.servers import Providers


def test_a_body_has_a_start_a_rate_and_a_deadline() -> None:
    pace = Pace(seconds=60, bytes_per_second=100)
    assert [pace.allowed(received) for received in (0, 1000, 3999, 1_000_000)] == [20, 30, 59.99, 60]
    assert Pace(seconds=60, bytes_per_second=0).allowed(0) == 60


@pytest.mark.anyio
async def test_only_the_time_that_is_waited_for_the_body_counts() -> None:
    now = 0.0
    messages = [{"type": "http.request", "body": b"a" * 1000, "more_body": True}] * 4
    read: list[Any] = []

    async def receive() -> Any:
        nonlocal now
        await asyncio.sleep(0.01)
        now += 12  # it took the sender 12 seconds
        return messages[len(read)]

    async def app(_: Any, receive: Any, __: Any) -> None:
        nonlocal now
        while True:
            read.append(await receive())
            now += 1000  # and the server much longer to use it

    limited = LimitBodies(app, Pace(seconds=1000, bytes_per_second=1000), clock=lambda: now)
    scope = cast("Any", {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]})
    with pytest.raises(RequestTimeout, match="MASCOT_UPLOAD_BYTES_PER_SECOND"):
        await limited(scope, receive, cast("Any", None))
    # 12 seconds are within the first 20, 24 are more than 21.
    assert len(read) == 2


@pytest.mark.parametrize("path", ["/no-such-path", "/healthz", "/v1/get-signed-url"])
def test_an_answer_before_the_body_ends_the_connection(providers: Providers, path: str) -> None:
    with run_server(providers.origin) as server:
        url = httpx.URL(server.origin)
        with socket.create_connection((url.host, url.port), timeout=20) as connection:
            head = f"POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{{\r\n"
            connection.sendall(head.encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"connection: close" in answer.lower()


def test_a_short_body_that_nobody_needs_leaves_the_connection_open(providers: Providers) -> None:
    with run_server(providers.origin) as server, httpx.Client(base_url=server.origin) as client:
        for path, status in (("/no-such-path", 404), ("/v1/get-signed-url", 401)):
            answer = client.post(path, json={"a": 1})
            assert answer.status_code == status
            assert "connection" not in answer.headers
