"""Whatever bytes a stranger sends: an answer or a close, never a traceback, and the server goes on."""

from __future__ import annotations

import errno
import logging
import socket
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import damaged, odd_documents
from support.servers import API_KEY, SECRET, run_server

from mascot_server.auth.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = "http://127.0.0.1:9"
"""Where no provider listens."""
PATIENCE = 20.0
CLOSED = {errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN}

_running = ExitStack()


class _Errors(logging.Handler):
    """Keeps what no input may cause."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(logging.Formatter().format(record))


@cache
def running() -> tuple[tuple[str, int], _Errors]:
    """The address of a server, started by the first input, and what it logs."""
    errors = _Errors()
    for name in ("", "uvicorn", "uvicorn.error"):
        logging.getLogger(name).addHandler(errors)
    server = _running.enter_context(run_server(NOBODY))
    host, _, port = server.origin.removeprefix("http://").partition(":")
    return (host, int(port)), errors


@pytest.fixture(scope="module", autouse=True)
def _stopped_afterwards() -> Iterator[None]:
    with _running:
        yield
    running.cache_clear()


TOKEN = Tokens([SECRET]).seal("openai", b'{"ephemeral_token":"ek"}', key_id="env-1dfccf")
targets = st.sampled_from(
    [
        *(
            "/",
            "/healthz",
            "/metrics",
            "/v1/visemes",
            "/v1/get-signed-url",
            "/v1/conversation",
            "/schema/openapi.json",
        ),
        *(
            "http://other:99999/healthz",
            "//x",
            "*",
            "/%00%ff",
            "/" + "a" * 300,
            f"/v1/openai-realtime/ws?token={TOKEN}",
        ),
    ]
)
NAMES = [
    *(
        "Content-Length",
        "Transfer-Encoding",
        "Content-Type",
        "Content-Disposition",
        "Upgrade",
        "Connection",
        "Expect",
    ),
    *(
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Extensions",
        "Origin",
        "Authorization",
        "Host",
    ),
    *("X-Forwarded-Proto", "X-Forwarded-For", "Cookie"),
]
VALUES = [
    *(
        "0",
        "5",
        "-1",
        "99999999999999999999",
        "chunked",
        "application/json",
        "multipart/form-data; boundary=x",
    ),
    *(
        "audio/wav",
        "form-data; name*=utf-8''a%ff",
        "websocket",
        "Upgrade",
        "keep-alive, Upgrade",
        "100-continue",
    ),
    *("dGhlIHNhbXBsZSBub25jZQ==", "13", "permessage-deflate; server_max_window_bits=99", f"Bearer {API_KEY}"),
    *("https://[::1", "wss", "a" * 9000),
]
lines = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(VALUES)
    | st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20),
)
heads = st.builds(
    lambda method, target, version, headers: "\r\n".join(
        [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in headers), "", ""]
    ).encode("latin-1"),
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW"]),
    targets,
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", ""]),
    st.lists(lines, max_size=5),
)
HANDSHAKE = (
    f"GET /v1/openai-realtime/ws?token={TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()
bodies = (
    odd_documents.map(lambda text: text.encode(errors="surrogatepass"))
    | st.binary(max_size=40)
    | damaged(
        st.just(b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\nRIFF\r\n--x--\r\n')
    )
)


@st.composite
def posts(draw: st.DrawFn) -> bytes:
    """A complete request of somebody with a key."""
    target = draw(st.sampled_from(["/v1/get-signed-url", "/v1/visemes", "/v1/visemes-audio"]))
    kind = draw(
        st.sampled_from(
            ["application/json", "audio/wav", "multipart/form-data; boundary=x", "multipart/form-data"]
        )
    )
    body = draw(bodies)
    fields = (
        f"Host: x\r\nAuthorization: Bearer {API_KEY}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    )
    return f"POST {target} HTTP/1.1\r\n{fields}\r\nConnection: close\r\n\r\n".encode() + body


requests = (
    damaged(heads) | posts() | st.tuples(damaged(st.just(HANDSHAKE)), st.binary(max_size=20)).map(b"".join)
)


@fuzzed
@example(sent=HANDSHAKE.replace(b"dGhl", b"\x80"))
@example(sent=HANDSHAKE.replace(b"/v1", b"http://other:99999/v1"))
@example(sent=HANDSHAKE + b"\x81\x82\0\0\0\0\xff\xfe")
@given(st.lists(requests, min_size=1, max_size=2).map(b"".join))
def test_http(sent: bytes) -> None:
    address, errors = running()
    errors.records.clear()
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        # It may close before all is sent. `TimeoutError` says that it neither answers nor closes.
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                """Until it closes."""
        except OSError as error:
            if error.errno not in CLOSED:
                raise
    assert not errors.records, errors.records[0]
