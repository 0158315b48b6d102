"""Unusual but complete requests: each is answered or closed at once, and none causes a traceback in the log."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from support.apps import token_for
from support.hostile import wait_until
from support.processes import serve_process
from support.raw_http import ask, connected, get, handshake, read_answer

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess
    from support.servers import Providers

TARGETS = [
    "http://localhost",
    "http://localhost:99999/healthz",
    "http://localhost:port/",
    "http://[::1/",
    "http:///healthz",
    "https://user:password@localhost/healthz",
    "ftp://localhost/",
    "localhost:443",
    "*",
    "healthz",
    "?query",
    "//",
    "//evil.example.com/v1/conversation",
    "/%",
    "/%zz",
    "/%00",
    "/%ff%fe",
    "/\xe9",
    "/\x7f",
    "/\x01",
    "/a b",
    "/v1/conversation#fragment",
    "/v1/conversation?token=%ff&token=\xff",
    "/v1/conversation?" + "token=x&" * 3000,
    "/v1/conversation?token=" + "x" * 70_000,
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=",
    "/ws/" + "x" * 300,
    "/playground/" + "-_." * 13,
    "/playground/%2e%2e/%00" + "~" * 40,
    "/schema/" + "../" * 20,
]
HOSTS = ["localhost:99999", "localhost:x", "[::1", "[zz]", "a b", "<script>", "x/../y", "\xff", "x,y", ""]
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "PRI", "M-SEARCH"]


def answered(server: ServerProcess, requests: dict[str, bytes], figure: Figures) -> None:
    """Send each request; record how many were neither answered nor closed, and the tracebacks in the log."""
    before = server.logged()
    silent = []
    for name, request in requests.items():
        answer = ask(server, request, seconds=2, until=b"\r\n\r\n")
        if not answer.closed and not answer.status:
            silent.append(name)
    log = server.logged().removeprefix(before)
    figure("not answered", len(silent), at_most=0)
    figure("tracebacks", log.count("Traceback"), at_most=0)
    figure("log lines for each", len(log.splitlines()) / len(requests), at_most=1)
    figure("500", log.count(" failed"), at_most=0)
    assert httpx.get(f"{server.origin}/healthz").status_code == 200


def test_targets_of_requests(server: ServerProcess, figure: Figures) -> None:
    answered(server, {target: get(target) for target in TARGETS}, figure)


def test_targets_of_handshakes(server: ServerProcess, figure: Figures) -> None:
    answered(server, {target: handshake(target) for target in TARGETS}, figure)


def test_methods(server: ServerProcess, figure: Figures) -> None:
    requests = {method: get("/healthz", method=method) for method in METHODS}
    requests["h2c"] = get("/healthz").replace(b"Connection: close", b"Connection: Upgrade\r\nUpgrade: h2c")
    requests["HTTP/2"] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    requests["TLS"] = bytes.fromhex("16030100c8010000c40303") + bytes(200)
    requests["HTTP/0.9"] = b"GET /\r\n\r\n"
    requests["obsolete folding"] = get("/healthz", "X-Folded: a\r\n b")
    requests["no name"] = get("/healthz", ": value")
    requests["both lengths"] = get("/healthz", "Content-Length: 3", "Transfer-Encoding: chunked")
    requests["negative length"] = get("/healthz", "Content-Length: -3")
    answered(server, requests, figure)


def test_hosts(server: ServerProcess, figure: Figures) -> None:
    key = "Authorization: Bearer a-key-of-the-tests"
    body = '{"config":{"provider":"openai","provider_config":{"ephemeral_token":"x"}}}'
    requests = {}
    for host in HOSTS:
        for method, target in (
            ("POST", "/v1/get-signed-url"),
            ("GET", "/schema"),
            ("GET", "/schema/asyncapi.json"),
        ):
            head = get(target, key, f"Content-Length: {len(body)}", method=method)
            requests[f"{host} {target}"] = (
                head.replace(b"Host: localhost", b"Host: " + host.encode("latin-1")) + body.encode()
            )
    answered(server, requests, figure)


@pytest.mark.parametrize("proto", ["wss", "ws", "https", "ftp", "wss, ws"])
def test_what_proxies_may_say(server: ServerProcess, proto: str, figure: Figures) -> None:
    answer = httpx.post(
        f"{server.origin}/v1/get-signed-url",
        headers={
            "Authorization": "Bearer a-key-of-the-tests",
            "X-Forwarded-Proto": proto,
        },
        json={"config": {"provider": "openai", "provider_config": {"ephemeral_token": "x"}}},
    )
    scheme = answer.json()["signed_url"].partition(":")[0]
    figure("scheme of the signed URL", {"ws": 1, "wss": 2}.get(scheme, 0), at_least=1)
    if proto in {"wss", "https"}:
        assert scheme == "wss"


def frames(*payloads: tuple[int, bytes]) -> bytes:
    """Return short frames of a client, with a mask of zeros."""
    return b"".join(bytes((first, 0x80 | len(data), 0, 0, 0, 0)) + data for first, data in payloads)


FRAMES = {
    "text that is not UTF-8": frames((0x81, b"\xff\xfe")),
    "text that ends in a character": frames((0x81, b"\xc3")),
    "fragments that are not UTF-8": frames((0x01, b"\xff"), (0x80, b"\xfe")),
    "a reserved opcode": frames((0x83, b"x")),
    "a reserved bit": frames((0xC1, b"x")),
    "no mask": b"\x81\x01x",
    "a continuation of nothing": frames((0x80, b"x")),
    "a fragmented ping": frames((0x09, b"x")),
    "a close of one byte": frames((0x88, b"x")),
    "a close that is not UTF-8": frames((0x88, b"\x03\xe8\xff")),
    "a close code of nobody": frames((0x88, b"\x00\x01")),
    "an endless length": b"\x81\xff" + b"\xff" * 8,
    "nothing at all": b"",
}


@pytest.mark.parametrize("early", [True, False], ids=["before the answer", "after it"])
def test_frames_that_break_rules(server: ServerProcess, early: bool, figure: Figures) -> None:
    request = handshake(f"/v1/openai-realtime/ws?token={token_for('openai')}")
    before, still_open = server.logged(), 0
    for name, data in FRAMES.items():
        with connected(server) as connection:
            connection.sendall(request + (data if early else b""))
            read_answer(connection, 3, until=b"\r\n\r\n")
            if not early:
                connection.sendall(data)
            answer = read_answer(connection, 1.5)
            still_open += not answer.closed and name != "nothing at all"
    time.sleep(0.3)
    log = server.logged().removeprefix(before)
    figure("still open", still_open, at_most=0)
    figure("tracebacks", log.count("Traceback"), at_most=0)


def test_a_client_that_is_silent_after_101(tmp_path: Path, providers: Providers, figure: Figures) -> None:
    """The client answers neither pings nor the close frame, and does not close the connection."""
    with serve_process(tmp_path, providers.origin, idle_seconds="1") as server:
        with connected(server) as connection:
            connection.sendall(handshake(f"/v1/openai-realtime/ws?token={token_for('openai')}"))
            assert read_answer(connection, 5, until=b"\r\n\r\n").status == 101
            wait_until(lambda: "closed by server" in server.logged(), 10)
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            status = server.process.wait(30)
        figure("exit status", status, at_most=0)
        figure("stopped after", time.monotonic() - started, "s", at_most=15)
        figure("tracebacks", server.logged().count("Traceback"), at_most=0)


def test_unknown_paths_and_sockets(server: ServerProcess, figure: Figures) -> None:
    unknown = httpx.get(f"{server.origin}/v1/nothing")
    figure("unknown path", unknown.status_code, at_least=404, at_most=404)
    figure("paths listed", len(unknown.json().get("paths", ())), at_least=5)
    figure("sockets listed", len(unknown.json().get("sockets", ())), at_least=3)
    socket = ask(server, handshake("/v1/nothing"), seconds=3)
    figure("unknown socket", socket.status, at_least=404, at_most=404)
    figure("body of its answer", len(socket.body), "bytes", at_least=20)
    for path in ("/v1/conversation", "/v1/openai-realtime/ws"):
        status = httpx.get(f"{server.origin}{path}").status_code
        figure(f"{path} without Upgrade", status, at_least=426, at_most=426)
    for path in (
        "/healthz",
        "/readyz",
        "/metrics",
        "/schema",
        "/schema/openapi.json",
        "/schema/asyncapi.json",
    ):
        figure(f"HEAD {path}", httpx.head(f"{server.origin}{path}").status_code, at_least=200, at_most=200)
