"""Turns away at the door: handshakes that will be refused are answered before anything is built for them.

Behind uvicorn's HTTP parser a handshake is written out and parsed again by `websockets`, given a task, routed by
Litestar and answered through ASGI. To refuse one that way takes three times the CPU, which whoever floods the server
with made-up tokens would like. One that goes on is looked at again inside, since
other web servers have no such door.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httptools

from mascot_server.handshakes import Handshake
from mascot_server.stalled_clients import CutsStalledClients

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from mascot_server.errors import Refusal

__all__ = ["http_door"]


def http_door(
    refusal: Callable[[Handshake], Refusal | None], *, stall_seconds: float
) -> type[HttpToolsProtocol]:
    """Makes uvicorn's HTTP protocol with a look at handshakes.

    Args:
        refusal: Says why one is refused; `None` if it should go on.
        stall_seconds: How long a client may leave an HTTP answer unread.
    """

    class Door(CutsStalledClients):
        def handle_websocket_upgrade(self) -> None:
            url = httptools.parse_url(self.url)
            handshake = Handshake.of(unquote(url.path.decode("ascii")), url.query or b"", self.headers)
            refused = None if handshake is None else refusal(handshake)
            if refused is None:
                super().handle_websocket_upgrade()
                return
            self.transport.write(_answer(refused))
            self.transport.close()

    Door.stall_seconds = stall_seconds
    return Door


def _answer(refusal: Refusal) -> bytes:
    body = json.dumps({"error": str(refusal)}).encode()
    status = HTTPStatus(refusal.status)
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **refusal.headers,
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
